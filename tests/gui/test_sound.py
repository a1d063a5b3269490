import itertools
import time

import miniaudio
import numpy as np
import pytest

from breathcore.drill.timeline import plan
from breathcore.gui import sound
from breathcore.gui.tones import RATE_HZ, Cue, Due, Mixer, cues_of, tones
from breathcore.model.drill import DrillPhase, Effect, EffectKind, Stage, TargetPhase, Timeline
from breathcore.session import registry

TONES = tones()


def _timeline(start_s: float = 10.0) -> Timeline:
    kinds = (DrillPhase.INHALE, DrillPhase.HOLD, DrillPhase.EXHALE, DrillPhase.REST)
    starts = [start_s + 4.0 * i for i in range(8)]
    phases = [TargetPhase(kinds[i % 4], s, s + 4.0, 0.0, 1.0, 0, i // 4, True) for i, s in enumerate(starts)]
    return Timeline(tuple(phases))


def _onsets(x: np.ndarray, start_s: float) -> list[float]:
    """Times at which sound begins after 0.2 s of silence at least."""
    loud = np.flatnonzero(np.abs(x) > 1e-3)
    firsts = loud[np.diff(loud, prepend=-(10**9)) > 0.2 * RATE_HZ]
    return [start_s + int(i) / RATE_HZ for i in firsts]


def _render(mixer: Mixer, start_s: float, seconds: float, blocks: list[int]) -> np.ndarray:
    total, parts, done = round(seconds * RATE_HZ), [], 0
    for n in itertools.cycle(blocks):
        n = min(n, total - done)
        parts.append(mixer.render(start_s + done / RATE_HZ, n))
        done += n
        if done == total:
            return np.concatenate(parts)
    raise AssertionError


@pytest.mark.parametrize("blocks", [[882], [1], [64, 4096, 441], [100_000]])
def test_each_sound_starts_within_20_ms_of_its_cue(blocks: list[int]) -> None:
    timeline = _timeline()
    seconds = 3.0 if blocks == [1] else 34.0
    mixer = Mixer(TONES)
    mixer.gain = 1.0
    mixer.schedule(cues_of(timeline))
    heard = _onsets(_render(mixer, 9.0, seconds, blocks), 9.0)
    wanted = [p.start_s for p in timeline.phases if p.start_s < 9.0 + seconds]
    assert len(heard) == len(wanted)
    assert np.abs(np.subtract(heard, wanted)).max() <= 0.005


def test_block_sizes_do_not_change_a_sample() -> None:
    made = []
    for blocks in ([882], [17, 5000, 256]):
        mixer = Mixer(TONES)
        mixer.gain = 0.5
        mixer.schedule(cues_of(_timeline()))
        made.append(_render(mixer, 9.0, 12.0, blocks))
    np.testing.assert_array_equal(*made)


def test_seven_sounds_differ() -> None:
    assert set(TONES) == set(Cue)
    for a, b in itertools.combinations(Cue, 2):
        n = min(TONES[a].size, TONES[b].size)
        x, y = TONES[a][:n], TONES[b][:n]
        assert abs(np.dot(x, y)) < 0.8 * np.linalg.norm(x) * np.linalg.norm(y), (a, b)


def test_tones_are_soft() -> None:
    for cue, x in TONES.items():
        assert np.abs(x).max() == pytest.approx(0.5, abs=1e-3), cue
        assert abs(x[0]) < 0.01, cue
        assert np.abs(x[-20:]).max() < 0.01, cue


def test_a_new_schedule_cancels_the_old_and_repeats_nothing() -> None:
    mixer = Mixer(TONES)
    mixer.gain = 1.0
    mixer.schedule([Due(1.0, Cue.IN), Due(5.0, Cue.OUT)])
    _render(mixer, 0.5, 1.0, [882])
    mixer.schedule([Due(1.0, Cue.IN), Due(3.5, Cue.HOLD)])
    assert _onsets(_render(mixer, 1.5, 5.0, [882])[RATE_HZ:], 2.5) == [pytest.approx(3.5, abs=0.005)]


def test_a_little_late_plays_at_once_and_too_late_not_at_all() -> None:
    mixer = Mixer(TONES)
    mixer.gain = 1.0
    mixer.schedule([Due(1.0, Cue.IN)])
    assert _onsets(mixer.render(1.1, 4410), 1.1) == [pytest.approx(1.1, abs=0.005)]
    late = Mixer(TONES)
    late.gain = 1.0
    late.schedule([Due(5.0, Cue.OUT)])
    assert not late.render(5.2, 4410).any()


class _Tape:
    """An output whose test asks for the samples itself."""

    def start(self, render: sound.Render) -> None:
        self.render = render

    def close(self) -> None:
        self.closed = True


class _Clock:
    def __init__(self, t_s: float) -> None:
        self.t_s = t_s

    def __call__(self) -> float:
        return self.t_s


def _listen(tape: _Tape, clock: _Clock, seconds: float, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Ask for a period every 20 ms ± jitter, as a device does; what is asked for is heard one period later."""
    parts, start_s = [], clock.t_s + sound.PERIOD_S
    begun_s, n = clock.t_s, round(sound.PERIOD_S * RATE_HZ)
    for i in range(round(seconds / sound.PERIOD_S)):
        clock.t_s = begun_s + i * sound.PERIOD_S + rng.uniform(0.0, 0.008)
        parts.append(tape.render(n))
    clock.t_s = begun_s + seconds
    return np.concatenate(parts), start_s


def test_sounds_follow_the_session_clock_through_jitter() -> None:
    tape, clock = _Tape(), _Clock(8.0)
    sounds = sound.Sounds(clock, tape, volume=100)
    timeline = _timeline()
    sounds.take(Effect(EffectKind.TARGET, 8.0, timeline=timeline))
    x, start_s = _listen(tape, clock, 30.0, np.random.default_rng(1))
    heard = _onsets(x, start_s)
    wanted = [p.start_s for p in timeline.phases]
    assert len(heard) == len(wanted)
    assert np.abs(np.subtract(heard, wanted)).max() <= 0.020


@pytest.mark.parametrize("stage", [Stage.PAUSED, Stage.LOST, Stage.DIZZY, Stage.FINISHED])
def test_pacing_stops_sounding_when_it_stops(stage: Stage) -> None:
    tape, clock = _Tape(), _Clock(8.0)
    sounds = sound.Sounds(clock, tape, volume=100)
    sounds.take(Effect(EffectKind.TARGET, 8.0, timeline=_timeline()))
    sounds.take(Effect(EffectKind.STAGE, 8.5, stage.value))
    x, _ = _listen(tape, clock, 5.0, np.random.default_rng(2))
    assert not x.any()


@pytest.mark.parametrize(
    "kind", [EffectKind.SET_OVER, EffectKind.SIGNAL_LOST, EffectKind.SIGNAL_BACK, EffectKind.COUNT]
)
def test_happenings_sound_at_once(kind: EffectKind) -> None:
    tape, clock = _Tape(), _Clock(8.0)
    sounds = sound.Sounds(clock, tape, volume=100)
    sounds.take(Effect(kind, 7.9, "3"))
    x, start_s = _listen(tape, clock, 0.2, np.random.default_rng(3))
    assert _onsets(x, start_s)[0] - start_s <= 0.02


def test_volume_zero_is_silence() -> None:
    tape, clock = _Tape(), _Clock(8.0)
    sounds = sound.Sounds(clock, tape, volume=0)
    sounds.take(Effect(EffectKind.SET_OVER, 8.0))
    assert not tape.render(4410).any()
    sounds.set_volume(100)
    assert tape.render(4410).any()


def test_no_sound_device_is_said_not_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise miniaudio.MiniaudioError("no device")

    monkeypatch.setattr(miniaudio, "PlaybackDevice", refuse)
    output, notice = sound.open_output()
    assert notice is not None
    assert notice.id == "sound.no-device"
    sound.Sounds(lambda: 0.0, output).close()


def test_the_library_asks_for_samples() -> None:
    asked: list[int] = []
    output = sound.DeviceOutput([miniaudio.Backend.NULL])

    def render(n: int) -> np.ndarray:
        asked.append(n)
        return np.zeros(n, dtype=np.float32)

    output.start(render)
    deadline = time.monotonic() + 2.0
    while not asked and time.monotonic() < deadline:
        time.sleep(0.005)
    output.close()
    assert asked


@pytest.mark.parametrize(("drill", "sounds"), [("sit_to_stand", (Cue.OUT, Cue.IN)), ("hip_hinge", (Cue.IN, Cue.OUT))])
def test_a_movement_sounds_out_on_its_effort_whichever_way_that_is(drill: str, sounds: tuple[Cue, Cue]) -> None:
    spec = registry.drill(drill)
    timeline = plan(spec, spec.pattern(), None, 0.0)
    due = {d.t_s: d.cue for d in cues_of(timeline)}
    told = [(due[p.start_s], p.kind) for p in timeline.phases if p.kind in (DrillPhase.MOVE, DrillPhase.RETURN)]
    assert set(told) == {(sounds[0], DrillPhase.MOVE), (sounds[1], DrillPhase.RETURN)}
