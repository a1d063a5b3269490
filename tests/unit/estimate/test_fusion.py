"""One rate from several sources: agreement, half and double, a source going bad, order of arrival."""

from math import nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breathcore.estimate.fusion import CONFIRM_S, DEAD_S, WAIT_S, RateFusion
from breathcore.model.device import Role
from breathcore.model.estimates import RateEstimate, Refusal

BELT_ACC_ECG = {"belt": Role.BELT, "acc": Role.CHEST_ACC, "ecg": Role.ECG}


def says(second: int, bpm: float, quality: float = 0.9) -> RateEstimate:
    return RateEstimate(float(second), bpm, bpm, quality, None, ("x",))


def refuses(second: int, reason: Refusal = Refusal.NOISE) -> RateEstimate:
    return RateEstimate(float(second), nan, nan, 0.1, reason)


def run(fusion: RateFusion, *seconds: dict[str, RateEstimate]) -> list[RateEstimate]:
    return [told for said in seconds for source, e in said.items() for told in fusion.push(source, e)]


def test_a_single_source_is_passed_on_as_it_is():
    fusion = RateFusion({"belt": Role.BELT})
    assert fusion.push("belt", says(0, 12.0)) == [says(0, 12.0)]
    assert fusion.push("belt", refuses(1)) == [refuses(1)]


def test_without_a_source_every_second_is_refused():
    told = RateFusion({}).flush(2.0)
    assert [(e.t_s, e.refusal) for e in told] == [
        (0.0, Refusal.NO_SENSOR),
        (1.0, Refusal.NO_SENSOR),
        (2.0, Refusal.NO_SENSOR),
    ]


def test_sources_that_agree_are_averaged_the_exact_one_counting_most_and_named_first():
    (told,) = run(RateFusion(BELT_ACC_ECG), {"ecg": says(0, 12.6), "belt": says(0, 12.0), "acc": says(0, 12.1)})
    assert told.sources == ("belt", "acc", "ecg")
    assert 12.0 < told.rate_bpm < 12.2
    assert told.quality > 0.9


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_half_and_double_lose_against_two_that_agree(factor):
    (told,) = run(
        RateFusion(BELT_ACC_ECG), {"belt": says(0, 12.0 * factor), "acc": says(0, 12.0), "ecg": says(0, 12.2)}
    )
    assert told.rate_bpm == pytest.approx(12.0, abs=0.3)
    assert set(told.sources) == {"acc", "ecg"}


def test_a_source_alone_against_weak_ones_is_believed_less():
    (agreed,) = run(RateFusion(BELT_ACC_ECG), {"belt": says(0, 12.0), "acc": says(0, 12.0), "ecg": refuses(0)})
    (doubted,) = run(RateFusion(BELT_ACC_ECG), {"belt": says(0, 12.0), "acc": refuses(0), "ecg": says(0, 17.0, 0.5)})
    assert doubted.rate_bpm == 12.0
    assert doubted.quality < 0.9 < agreed.quality


def test_a_source_going_bad_changes_nothing_while_another_agrees():
    fusion = RateFusion(BELT_ACC_ECG)
    before = run(fusion, *({"belt": says(t, 12.0), "acc": says(t, 12.1), "ecg": refuses(t)} for t in range(5)))
    after = run(fusion, *({"belt": refuses(t), "acc": says(t, 12.1), "ecg": refuses(t)} for t in range(5, 10)))
    assert max(abs(e.rate_bpm - 12.05) for e in (*before, *after)) < 0.1
    assert after[0].sources == ("acc",)
    assert after[0].quality < before[-1].quality


def test_when_all_that_spoke_have_gone_the_number_does_not_jump_but_waits():
    fusion = RateFusion(BELT_ACC_ECG)
    run(fusion, *({"belt": says(t, 12.0), "acc": refuses(t), "ecg": refuses(t)} for t in range(5)))
    after = run(
        fusion, *({"belt": refuses(t, Refusal.MOTION), "acc": refuses(t), "ecg": says(t, 17.0)} for t in range(5, 20))
    )
    assert [e.refusal for e in after[:CONFIRM_S]] == [Refusal.MOTION] * CONFIRM_S
    assert [e.rate_bpm for e in after[CONFIRM_S:]] == [17.0] * (len(after) - CONFIRM_S)


def test_a_rate_that_really_changes_is_followed_at_once():
    fusion = RateFusion(BELT_ACC_ECG)
    told = run(fusion, *({s: says(t, 12.0 if t < 5 else 15.0) for s in BELT_ACC_ECG} for t in range(8)))
    assert [e.rate_bpm for e in told] == pytest.approx([12.0] * 5 + [15.0] * 3)


def test_the_reason_is_that_of_the_best_source_that_is_still_there():
    said = {"belt": refuses(0, Refusal.NO_DATA), "acc": refuses(0, Refusal.MOTION), "ecg": refuses(0, Refusal.NOISE)}
    assert run(RateFusion(BELT_ACC_ECG), said)[0].refusal is Refusal.MOTION


def test_a_source_that_lags_is_waited_for_only_so_long():
    fusion = RateFusion({"belt": Role.BELT, "rr": Role.RR})
    told = [len(fusion.push("belt", says(t, 12.0))) for t in range(DEAD_S + WAIT_S + 3)]
    assert told[:WAIT_S] == [0] * WAIT_S
    assert sum(told) == len(told)  # given up by now: told at once
    assert told[-1] == 1


def test_a_source_that_comes_back_is_heard_again():
    fusion = RateFusion({"belt": Role.BELT, "acc": Role.CHEST_ACC})
    for t in range(30):
        fusion.push("belt", says(t, 12.0))
    fusion.push("acc", refuses(30, Refusal.TOO_SHORT))
    assert fusion.push("belt", says(30, 12.0))[0].sources == ("belt",)
    fusion.push("acc", says(31, 12.1))
    assert set(fusion.push("belt", says(31, 12.0))[0].sources) == {"acc", "belt"}


@given(seed=st.integers(0, 10_000), lag_s=st.integers(0, WAIT_S - 1))
def test_what_is_told_does_not_depend_on_who_comes_first(seed, lag_s):
    rng = np.random.default_rng(seed)
    rows = {
        source: [
            says(t, float(rng.choice([6.0, 12.0, 12.5])), float(rng.uniform(0.2, 1.0)))
            if rng.random() < 0.8
            else refuses(t)
            for t in range(40)
        ]
        for source in BELT_ACC_ECG
    }
    even = run(RateFusion(BELT_ACC_ECG), *({s: rows[s][t] for s in rows} for t in range(40)))
    late = RateFusion(BELT_ACC_ECG)
    lags = {source: lag_s if source == "belt" else int(rng.integers(0, lag_s + 1)) for source in rows}
    arrivals = sorted((t + lags[source], source, t) for source in rows for t in range(40))
    told = [e for _, source, t in arrivals for e in late.push(source, rows[source][t])]
    assert repr(told) == repr(even)
    assert [e.t_s for e in told] == [float(t) for t in range(40)]
