"""Whole sweeps by simulated wearers: the heart's rate is found, recorded, and found again in the recording."""

import importlib.util
import math
from types import ModuleType

import pytest

from breathcore.feedback.resonance_view import headline, measures, measures_n, notes
from breathcore.feedback.wording import LANGUAGES, Wording
from breathcore.model.drill import CommandKind, FinishReason, Stage, UserCommand
from breathcore.model.estimates import Refusal
from breathcore.model.packets import Advance
from breathcore.model.resonance import Measure, RateTrial, ResonanceResult
from breathcore.record.reader import SessionFile
from breathcore.session import registry
from breathcore.session.pipeline import Pipeline
from breathcore.session.plan import SessionPlan
from breathcore.session.replaying import check, result_of
from breathcore.session.simulated import SimulatedRun, run_simulated, wearer_for
from breathcore.source.sim.spec import WearerSpec

SWEEP = registry.drill("resonance")
NAN = math.nan


@pytest.fixture(scope="module")
def benchmark(request: pytest.FixtureRequest) -> ModuleType:
    path = request.config.rootpath / "benchmarks" / "resonance.py"
    if not path.exists():
        pytest.skip("the benchmarks are not part of a wheel's tests")
    spec = importlib.util.spec_from_file_location("resonance_benchmark", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> SimulatedRun:
    """The quick sweep with a strap that sends beats only."""
    path = tmp_path_factory.mktemp("sweep") / "session.breath"
    wearer = WearerSpec(seed=1, resonance_bpm=5.5, rsa_bpm=20.0)
    plan = SessionPlan(SWEEP, pattern_id="quick", wearer="simulated")
    return run_simulated(plan, registry.device("heart_rate_strap"), wearer, path)


def test_over_drawn_wearers_the_rate_is_within_half_a_breath_in_nine_of_ten(benchmark: ModuleType) -> None:
    wearers = [benchmark.drawn(seed) for seed in range(500, 520)]
    right = sum(benchmark.is_right(w, benchmark.swept(w)) for w in wearers)
    assert right >= 18


def test_hearts_that_follow_every_rate_alike_are_told_nothing_or_a_tie(benchmark: ModuleType) -> None:
    wearers = [benchmark.drawn(seed, flat=True) for seed in range(600, 610)]
    assert sum(benchmark.is_right(w, benchmark.swept(w)) for w in wearers) >= 9


def test_a_strap_that_sends_beats_only_is_enough(run: SimulatedRun) -> None:
    result = run.result.resonance
    assert run.result.finish is FinishReason.COMPLETED
    assert result is not None
    assert result.by_heart
    assert result.best_bpm == 5.5
    assert all(t.refusal is None for t in result.trials)


def test_the_result_is_recorded_and_the_recording_comes_to_the_same(run: SimulatedRun) -> None:
    assert all(table.same for table in check(run.path))
    assert result_of(run.path).resonance == pytest.approx(run.result.resonance) or str(
        result_of(run.path).resonance
    ) == str(run.result.resonance)
    with SessionFile.open(run.path) as file:
        assert len(file.derived_rows()["derived_resonance"]) == 1


def test_comfort_is_recorded_as_the_person_said_it_and_shown_as_answered(run: SimulatedRun) -> None:
    with SessionFile.open(run.path) as file:
        pipeline = Pipeline(SessionPlan(SWEEP, "quick", wearer="simulated"), file.devices, file.meta.t0_host_ns)
        asked: list[int] = []
        aimed: dict[Stage, set[float | None]] = {}
        for item in file.inputs():
            pipeline.push(item)
            if not isinstance(item, Advance):
                continue
            frame = pipeline.frame() if item.t_host_ns % 5_000_000_000 < 50_000_000 else None
            sweep = frame.sweep if frame is not None else None
            if frame is not None:
                aimed.setdefault(frame.stage, set()).add(frame.rate_target_bpm)
            if sweep is not None and sweep.asked is not None:
                asked.append(sweep.asked)
                text = f'{{"rate": {sweep.asked}, "comfort": {9 - sweep.asked}}}'
                pipeline.push(UserCommand(CommandKind.COMFORT, item.t_host_ns, text))
    assert asked == [0, 1, 2]
    assert aimed[Stage.RUNNING] == set(SWEEP.pattern("quick").rates_bpm)
    assert aimed[Stage.SET_REST] == {None}  # a rest has no rate to aim at
    result = pipeline.result().resonance
    assert result is not None
    assert [t.comfort for t in result.trials] == [9.0, 8.0, 7.0]


def test_the_simulated_wearer_of_a_sweep_has_a_resonance_and_of_other_drills_none() -> None:
    assert wearer_for(registry.drill("box"), "", WearerSpec()).resonance_bpm is None
    drawn = {wearer_for(SWEEP, "", WearerSpec(seed=seed)).resonance_bpm for seed in range(5)}
    assert len(drawn) == 5
    assert all(r is not None and 4.5 <= r <= 6.5 for r in drawn)


# ── in words ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def trial(rate_bpm: float, refusal: Refusal | None = None) -> RateTrial:
    values = (NAN,) * 5 if refusal is not None else (9.0, 1500.0, 0.9, -12.0, 50.0)
    return RateTrial(rate_bpm, 0.0, 150.0, 160, *values, 0.03, 7.0, refusal)


RESULTS = {
    "heart": ResonanceResult((trial(6.0), trial(5.5)), 5.5, True, ((), (Measure.SDNN,))),
    "tied": ResonanceResult((trial(6.0), trial(5.5)), 6.0, True, ((Measure.SDNN,), (Measure.SDNN,)), (6.0, 5.5)),
    "comfort": ResonanceResult(
        (trial(6.0, Refusal.NO_SENSOR), trial(5.5, Refusal.NO_SENSOR)), 6.0, False, ((Measure.COMFORT,), ())
    ),
    "unclear": ResonanceResult((trial(6.0, Refusal.NOISE), trial(5.5, Refusal.IRREGULAR)), 6.0, False, ((), ())),
    "alike": ResonanceResult((trial(6.0), trial(5.5)), NAN, True, ((), ()), (), Refusal.NOISE),
    "short": ResonanceResult((trial(6.0, Refusal.TOO_SHORT),), NAN, True, ((),), (), Refusal.TOO_SHORT),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", RESULTS)
def test_every_result_has_words(name: str, language: str) -> None:
    words, result = Wording(language), RESULTS[name]
    told = [headline(result), *notes(result), *(m for t in result.trials for m in measures(t))]
    assert all(words.say(m) != m.id for m in told)


def test_it_always_says_that_it_is_no_diagnosis() -> None:
    assert all("resonance.note.not" in [m.id for m in notes(r)] for r in RESULTS.values())


def test_without_the_heart_it_is_never_called_a_resonance() -> None:
    assert headline(RESULTS["comfort"]).id == "resonance.found.comfort"
    assert "resonance.note.no-heart" in [m.id for m in notes(RESULTS["comfort"])]
    assert "resonance.note.unclear-heart" in [m.id for m in notes(RESULTS["unclear"])]


def test_two_rates_that_cannot_be_told_apart_are_both_named() -> None:
    tied = next(m for m in notes(RESULTS["tied"]) if m.id == "resonance.note.tied")
    assert (tied.params["rate"], tied.params["other"]) == (6.0, 5.5)


def test_rates_are_compared_by_as_many_measures_as_anyone_won() -> None:
    assert measures_n(RESULTS["tied"]) == 1
    assert measures_n(RESULTS["alike"]) == 0
