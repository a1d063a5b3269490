"""Whole sessions in virtual time: what is measured, against the truth of the simulated wearer.

Everything measured is read from the session file, as anyone who gets the file would.
"""

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from breathcore.model.drill import FinishReason
from breathcore.session.recording import open_session
from breathcore.session.simulated import SimulatedRun, count_breaths, steady_rate, write_summary
from breathcore.source.sim.faults import FaultSpec
from breathcore.source.sim.spec import Behaviour, WearerSpec

Run = Callable[..., SimulatedRun]
QUIET_S = (60.0, 90.0)  # a stretch before the drill in which faults are set


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_follower_is_measured_at_six_a_minute_every_breath_once_and_scored(simulate: Run, seed: int) -> None:
    run = simulate(WearerSpec(seed=seed), seconds=120.0)
    analysis = open_session(run.path).analyse()
    assert steady_rate(analysis, run.steady) == pytest.approx(6.0, abs=0.1)
    count = count_breaths(run.truth, analysis.breaths, *run.steady)
    assert (count.missed, count.extra) == (0, 0)
    assert run.result.finish is FinishReason.COMPLETED
    assert run.result.score is not None
    assert run.result.score.total is not None
    assert run.result.score.total >= 85


@pytest.mark.parametrize("seed", [1, 2])
def test_holds_of_the_box_are_measured_where_they_are_and_scored(simulate: Run, seed: int) -> None:
    run = simulate(WearerSpec(seed=seed), drill="box", seconds=120.0)
    breaths = open_session(run.path).analyse().breaths
    true = run.truth.breaths_in(*run.steady)
    onsets = np.array([[b.inhale_onset_s, b.exhale_onset_s] for b in true])
    nearest = [min(breaths, key=lambda b: abs(b.inhale_onset_s - t.inhale_onset_s)) for t in true]
    found = np.array([[b.inhale_onset_s, b.exhale_onset_s] for b in nearest])
    assert np.abs(found - onsets).max() <= 0.6
    assert all(3.0 <= b.hold_in_s <= 5.0 for b in nearest)
    assert run.result.score is not None
    assert run.result.score.total is not None
    assert run.result.score.total >= 85


@pytest.mark.parametrize("own_rate_bpm", [12.0, 15.0, 18.0])
def test_a_free_breather_scores_low(simulate: Run, own_rate_bpm: float) -> None:
    run = simulate(WearerSpec(seed=4, behaviour=Behaviour.FREE, own_rate_bpm=own_rate_bpm), seconds=120.0)
    assert run.result.score is not None
    assert run.result.score.total is not None
    assert run.result.score.total <= 30


def test_breathing_in_antiphase_scores_low(simulate: Run) -> None:
    run = simulate(WearerSpec(seed=5, behaviour=Behaviour.ANTIPHASE), seconds=120.0)
    assert run.result.score is not None
    assert run.result.score.total is not None
    assert run.result.score.total <= 30


def test_an_upside_down_strap_is_turned_round_by_the_calibration(simulate: Run) -> None:
    run = simulate(WearerSpec(seed=6, inhale_sign=-1), seconds=60.0)
    analysis = open_session(run.path).analyse()
    count = count_breaths(run.truth, analysis.breaths, *run.steady)
    assert (count.missed, count.extra) == (0, 0)
    assert run.result.score is not None
    assert run.result.score.in_step is not None
    assert run.result.score.in_step >= 0.6


def test_the_rate_falls_from_the_own_one_and_comes_back(simulate: Run) -> None:
    result = simulate(WearerSpec(seed=1), seconds=120.0).result
    assert result.rate_before_bpm == pytest.approx(14.5, abs=1.5)
    assert result.rate_during_bpm == pytest.approx(6.0, abs=0.2)
    assert result.rate_after_bpm == pytest.approx(14.5, abs=2.0)


@pytest.mark.parametrize(
    "faults",
    [
        FaultSpec(off=(QUIET_S,)),
        FaultSpec(table=(QUIET_S,)),
        FaultSpec(loose=(QUIET_S,)),
        FaultSpec(link_lost=(QUIET_S,)),
    ],
    ids=["no packets", "on a table", "loose", "link lost"],
)
def test_off_the_body_there_is_no_number_within_eight_seconds_and_one_again_within_three_breaths(
    simulate: Run, faults: FaultSpec
) -> None:
    wearer = WearerSpec(seed=7, behaviour=Behaviour.FREE)
    run = simulate(wearer, faults, seconds=120.0)
    analysis = open_session(run.path).analyse()
    away = (analysis.rate_t_s >= QUIET_S[0] + 8) & (analysis.rate_t_s < QUIET_S[1])
    assert np.isnan(analysis.rate_bpm[away]).all()
    assert np.isnan(analysis.rate_live_bpm[away]).all()
    breath_s = 60 / wearer.own_rate_bpm
    back = (analysis.rate_t_s >= QUIET_S[1] + 3 * breath_s + 2) & (analysis.rate_t_s < QUIET_S[1] + 40)
    assert np.isfinite(analysis.rate_live_bpm[back]).mean() >= 0.9


def test_a_lost_link_pauses_the_drill_and_it_goes_on_by_itself(simulate: Run) -> None:
    run = simulate(WearerSpec(seed=8), FaultSpec(link_lost=((150.0, 165.0),)), seconds=60.0)
    assert run.result.finish is FinishReason.COMPLETED
    assert run.result.lost_s > 5
    assert run.result.done_n == run.result.planned_n


def test_damaged_packets_are_counted_and_the_session_goes_on(simulate: Run) -> None:
    faults = FaultSpec(loss=0.01, duplication=0.01, reordering=0.01, truncation=0.01, corruption=0.01)
    run = simulate(WearerSpec(seed=9), faults, seconds=60.0)
    session = open_session(run.path)
    assert run.result.finish is FinishReason.COMPLETED
    assert len(session.faults) > 10
    assert run.frame.faults_n > 0
    assert steady_rate(session.analyse(), run.steady) == pytest.approx(6.0, abs=0.3)


def test_a_heart_only_strap_is_guided_and_timed_with_its_heart_rate(simulate: Run) -> None:
    run = simulate(WearerSpec(seed=10), device="heart_rate_strap", seconds=60.0)
    analysis = open_session(run.path).analyse()
    told = analysis.rate_bpm[np.isfinite(analysis.rate_bpm)]  # by the heart alone: an estimate, or nothing
    assert np.all((np.abs(told - 6.0) < 1.0) | (np.abs(told - WearerSpec().own_rate_bpm) < 1.5))
    assert run.result.finish is FinishReason.COMPLETED
    assert run.result.sentence.id == "result.unmeasured"
    assert run.result.score is None or run.result.score.total is None
    heart = analysis.heart_bpm[np.isfinite(analysis.heart_bpm)]
    assert np.median(heart) == pytest.approx(run.truth.heart_bpm(0, run.truth.until_s), abs=2)
    if run.frame.rate_bpm is None:
        assert run.frame.rate_message is not None
        assert run.frame.rate_message.id in ("refusal.heart-unclear", "refusal.heart-too-short")
    else:
        assert run.frame.rate_bpm == pytest.approx(WearerSpec().own_rate_bpm, abs=1.5)


def test_a_brace_is_timed_and_said_not_to_be_measured(simulate: Run) -> None:
    run = simulate(WearerSpec(seed=11), drill="brace_hold", seconds=60.0)
    assert run.result.finish is FinishReason.COMPLETED
    assert run.result.score is None or run.result.score.total is None
    assert run.frame.brace_message is not None
    assert run.frame.brace_message.id == "brace.not-measured"


def test_the_summary_puts_truth_beside_measurement(simulate: Run, tmp_path: Path) -> None:
    run = simulate(WearerSpec(seed=1), seconds=120.0)
    write_summary(run, tmp_path / "summary.json")
    facts = json.loads((tmp_path / "summary.json").read_text())
    assert facts["rate_bpm"]["measured"] == pytest.approx(facts["rate_bpm"]["truth"], abs=0.1)
    assert facts["breaths"] == {"truth": 12, "found": 12, "missed": 0, "extra": 0}
    assert not math.isnan(facts["score"])
