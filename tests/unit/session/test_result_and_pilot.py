"""The one sentence of a session's end, and the buttons that nobody presses."""

import asyncio
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from breathcore.model.drill import CommandKind, FinishReason, Score, Stage
from breathcore.model.errors import BreathcoreError, Reason
from breathcore.model.estimates import RateEstimate, Refusal
from breathcore.record.reader import SessionFile
from breathcore.session import registry
from breathcore.session.bridge import Bridge
from breathcore.session.pilot import AFTER_S, BEFORE_S, PATIENCE_S, RETRY_S, Pilot
from breathcore.session.pipeline import Pipeline
from breathcore.session.plan import SessionPlan
from breathcore.session.recording import open_session
from breathcore.session.replaying import check
from breathcore.session.result import rate_over, sentence
from breathcore.session.runner import LiveSession
from breathcore.source.sim.source import SimSource
from breathcore.source.sim.spec import WearerSpec


def _score(in_step: float | None) -> Score:
    return Score(total=None, in_step=in_step, parts=(), breaths_scored=0)


@pytest.mark.parametrize(
    ("in_step", "finish", "id_"),
    [
        (0.75, FinishReason.COMPLETED, "result.followed"),
        (0.74, FinishReason.COMPLETED, "result.partly"),
        (0.4, FinishReason.COMPLETED, "result.partly"),
        (0.39, FinishReason.COMPLETED, "result.apart"),
        (0.9, FinishReason.ENDED, "result.followed-early"),
        (0.9, None, "result.followed-early"),
        (0.9, FinishReason.DIZZY_TWICE, "result.dizzy_twice"),
        (0.9, FinishReason.SIGNAL_LOST, "result.signal_lost"),
        (0.9, FinishReason.RECORDING_FAILED, "result.recording_failed"),
    ],
)
def test_the_sentence_says_how_it_went_and_how_it_ended(in_step: float, finish: FinishReason | None, id_: str) -> None:
    said = sentence(finish, _score(in_step), None, 7, 12)
    assert said.id == id_
    assert (said.params["done"], said.params["planned"]) == (7, 12)


@pytest.mark.parametrize(
    ("refusal", "finish", "id_"),
    [
        (None, FinishReason.COMPLETED, "result.timed"),
        (None, FinishReason.ENDED, "result.timed-early"),
        (Refusal.HEART_ONLY, FinishReason.COMPLETED, "result.unmeasured"),
        (Refusal.HEART_ONLY, FinishReason.ENDED, "result.unmeasured-early"),
    ],
)
def test_without_a_measure_nothing_is_said_about_following(
    refusal: Refusal | None, finish: FinishReason, id_: str
) -> None:
    assert sentence(finish, None, refusal, 1, 1).id == id_
    assert sentence(finish, _score(None), refusal, 1, 1).id == id_


def test_a_stretch_with_fewer_than_five_answers_has_no_rate() -> None:
    answered = [RateEstimate(float(t), 6.0 + 0.1 * t, 6.0, 1.0) for t in range(5)]
    refused = [RateEstimate(float(t), math.nan, math.nan, 0.0, Refusal.NOISE) for t in range(5, 30)]
    rates = [*answered, *refused]
    assert rate_over(rates, 0.0, 30.0) == pytest.approx(6.2)
    assert rate_over(rates, 1.0, 30.0) is None


def _seen(now_s: float, stage: Stage, *, measured: bool = True, good: bool = True) -> Pipeline:
    return cast(
        Pipeline,
        SimpleNamespace(wants_calibration=False, now_s=now_s, stage=stage, breath_measured=measured, signal_good=good),
    )


def test_the_pilot_waits_for_the_rate_before_then_calibrates_and_does_not_hammer() -> None:
    pilot = Pilot()
    assert pilot(_seen(BEFORE_S - 1, Stage.WAITING)) is None
    assert pilot(_seen(BEFORE_S, Stage.WAITING)) is CommandKind.CALIBRATE
    assert pilot(_seen(BEFORE_S + RETRY_S - 1, Stage.WAITING)) is None
    assert pilot(_seen(BEFORE_S + RETRY_S, Stage.READY)) is CommandKind.START


@pytest.mark.parametrize(
    ("now_s", "measured", "good", "command"),
    [
        (1.0, False, True, CommandKind.START),
        (BEFORE_S, True, False, None),
        (PATIENCE_S + 1, True, False, CommandKind.START),
    ],
    ids=["nothing to calibrate", "no signal yet", "no signal at all"],
)
def test_the_pilot_starts_unmeasured_where_there_is_nothing_to_calibrate_with(
    now_s: float, measured: bool, good: bool, command: CommandKind | None
) -> None:
    assert Pilot()(_seen(now_s, Stage.WAITING, measured=measured, good=good)) is command


def test_the_pilot_leaves_after_the_quiet_breathing_at_the_end() -> None:
    pilot = Pilot()
    assert pilot(_seen(300.0, Stage.FINISHED)) is None
    assert pilot(_seen(300.0 + AFTER_S - 1, Stage.FINISHED)) is None
    assert pilot(_seen(300.0 + AFTER_S, Stage.FINISHED)) is CommandKind.END


@pytest.mark.parametrize("how", [KeyboardInterrupt(), BreathcoreError(Reason.LINK_LOST)], ids=["Ctrl-C", "link lost"])
def test_a_session_that_is_broken_off_leaves_a_whole_file(tmp_path: Path, how: BaseException) -> None:
    def break_off(pipeline: Pipeline) -> None:
        if pipeline.now_s >= 30.0:
            raise how

    plan = SessionPlan(registry.drill("diaphragmatic"), wearer="simulated")
    source = SimSource(registry.device("polar_h10"), WearerSpec(seed=2))
    path = tmp_path / "session.breath"
    session = LiveSession(plan, source, path, Bridge(), pace=None, pilot=break_off)
    with pytest.raises(type(how)):
        asyncio.run(session.run())
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert not open_session(path).cut_short
    tables = check(path)
    assert all(table.same for table in tables)
    assert sum(table.stored_n for table in tables) > 0


def test_an_opened_session_gives_samples_by_role_and_is_exported_whole(tmp_path: Path, simulate: Any) -> None:
    from breathcore.model.device import Role
    from breathcore.session.exporting import export_data

    run = simulate(WearerSpec(seed=1), seconds=120.0)
    session = open_session(str(run.path))
    assert session.samples(Role.CHEST_ACC)[0].x.shape[1] == 3
    assert session.samples(Role.BELT) == ()
    assert session.notice is None
    data = export_data(session)
    assert {(t.name, t.rate_hz, t.unit) for t in (*data.tracks, *data.traces)} == {
        ("acc", 200.0, "g"), ("ecg", 130.0, "uV"), ("hr", 0.0, "beats/min"), ("rr", 0.0, "s"), ("breath", 25.0, "deg"),
    }  # fmt: skip
    assert data.drill == "diaphragmatic"
    assert data.sensors == ("Polar H10",)
    assert (data.cut_short, data.faults_n) == (False, 0)
    assert len(data.breaths) == len(session.analyse().breaths)
    assert {p.kind.value for p in data.phases} >= {"inhale", "exhale"}
    with SessionFile.open(run.path) as file:
        assert data.outcome == file.outcome()
