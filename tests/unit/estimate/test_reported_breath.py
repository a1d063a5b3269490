"""The wearable's own breathing rate and breath lengths: passed on while fresh and possible."""

import numpy as np
import pytest

from breathcore.estimate.offline import analyse
from breathcore.estimate.reported import UNCHECKED, ReportedBreathing, ReportedPhases
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.estimates import RateEstimate, Refusal

RATE = ChannelSpec("own", Role.RESPIRATION_RATE, "/min", ("rate",), 0.0)
PHASES = ChannelSpec("own", Role.BREATH_PHASES, "s", ("in", "out"), 0.0)


def told(reader, rows: list[list[float]], end_s: float) -> dict[float, RateEstimate]:
    x = np.array(rows, float)
    out = [*reader.push(x[:, 0], x[:, 1:]), *reader.flush(end_s)]
    return {e.t_s: e for e in out if isinstance(e, RateEstimate)}


def test_it_is_passed_on_until_it_is_stale():
    by_s = told(ReportedBreathing(RATE), [[1.0, 12.0], [2.0, 13.0]], 20.0)
    assert (by_s[2.0].rate_bpm, by_s[3.0].rate_bpm) == (12.0, 13.0)
    assert by_s[3.0].quality == UNCHECKED
    assert by_s[3.0].sources == ("own",)
    assert by_s[15.0].refusal is Refusal.NO_DATA


@pytest.mark.parametrize(
    ("value", "reason"), [(float("nan"), Refusal.TOO_SHORT), (0.0, Refusal.TOO_SHORT), (200.0, Refusal.NOISE)]
)
def test_no_rate_and_an_impossible_rate_are_refused(value, reason):
    assert told(ReportedBreathing(RATE), [[1.0, value]], 3.0)[3.0].refusal is reason


def test_breath_lengths_make_a_rate_also_when_in_and_out_come_apart():
    together = told(ReportedPhases(PHASES), [[4.0 * k, 1.5, 2.5] for k in range(1, 12)], 44.0)
    apart = told(
        ReportedPhases(PHASES),
        [r for k in range(1, 12) for r in ([4.0 * k - 2.5, 1.5, 0.0], [4.0 * k, 0.0, 2.5])],
        44.0,
    )
    assert together[44.0].rate_bpm == pytest.approx(15.0)
    assert apart[44.0].rate_bpm == pytest.approx(15.0)
    assert together[2.0].refusal is not None


def test_it_counts_beside_a_belt_but_the_belt_counts_more():
    hz, t = 20.0, np.arange(60 * 20) / 20.0
    found = analyse({
        "belt": (np.sin(2 * np.pi * 0.2 * t), hz),
        "respiration_rate": (np.stack((np.arange(1.0, 60.0), np.full(59, 12.8)), axis=1), 0.0),
    })  # fmt: skip
    assert found.rate_bpm[50] == pytest.approx(12.0, abs=0.15)
    assert found.refusal[50] is None
