"""Seven soft sounds, told apart by melody alone, and the mixer that starts each on its sample."""

import threading
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from breathcore.model.drill import DrillPhase, TargetPhase, Timeline

F32 = npt.NDArray[np.float32]
RATE_HZ = 44_100
LATE_S = 0.15  # a cue that comes later than this is not played at all
SAME_S = 0.3  # two equal cues closer than this are one


class Cue(StrEnum):
    """What a sound says."""

    IN = "in"
    OUT = "out"
    HOLD = "hold"
    REST = "rest"
    SET_OVER = "set_over"
    SIGNAL_LOST = "signal_lost"
    SIGNAL_BACK = "signal_back"


CUE_OF_PHASE = {
    DrillPhase.INHALE: Cue.IN,
    DrillPhase.EXHALE: Cue.OUT,
    DrillPhase.HOLD: Cue.HOLD,
    DrillPhase.REST: Cue.REST,
    DrillPhase.EFFORT: Cue.HOLD,
    DrillPhase.MOVE: Cue.OUT,  # breathe out on the effort
    DrillPhase.KEEP: Cue.HOLD,
    DrillPhase.RETURN: Cue.IN,
}


class Due(NamedTuple):
    """A sound and the session time at which it starts."""

    t_s: float
    cue: Cue


def cues_of(timeline: Timeline) -> tuple[Due, ...]:
    """Return the sound of every phase's start."""
    return tuple(Due(p.start_s, _cue_of(p)) for p in timeline.phases)


def _cue_of(phase: TargetPhase) -> Cue:
    if phase.effort_back and phase.kind in (DrillPhase.MOVE, DrillPhase.RETURN):
        return Cue.IN if phase.kind is DrillPhase.MOVE else Cue.OUT
    return CUE_OF_PHASE[phase.kind]


# (start s, length s, from Hz, to Hz): in rises, out falls, hold stays, rest is one low note
_SCORES: Mapping[Cue, tuple[tuple[float, float, float, float], ...]] = {
    Cue.IN: ((0.0, 0.9, 293.7, 440.0),),
    Cue.OUT: ((0.0, 1.1, 440.0, 261.6),),
    Cue.HOLD: ((0.0, 0.35, 523.3, 523.3), (0.28, 0.5, 523.3, 523.3)),
    Cue.REST: ((0.0, 0.7, 196.0, 196.0),),
    Cue.SET_OVER: ((0.0, 0.6, 392.0, 392.0), (0.22, 0.6, 523.3, 523.3), (0.44, 1.2, 659.3, 659.3)),
    Cue.SIGNAL_LOST: ((0.0, 0.45, 349.2, 349.2), (0.3, 0.45, 277.2, 277.2), (0.6, 0.8, 220.0, 220.0)),
    Cue.SIGNAL_BACK: ((0.0, 0.4, 349.2, 349.2), (0.25, 0.8, 523.3, 523.3)),
}
_PARTIALS = (1.0, 0.28, 0.08)  # a flute rather than a beep
_ATTACK_S = 0.012
_PEAK = 0.5


def tones(rate_hz: int = RATE_HZ) -> dict[Cue, F32]:
    """Return every sound as mono samples (n,), peak 0.5; silence to full tone in 12 ms, and a soft end."""
    return {cue: _tone(score, rate_hz) for cue, score in _SCORES.items()}


def _tone(score: Iterable[tuple[float, float, float, float]], rate_hz: int) -> F32:
    notes = [(round(start * rate_hz), _note(length, low, high, rate_hz)) for start, length, low, high in score]
    mixed = np.zeros(max(at + note.size for at, note in notes), dtype=np.float32)
    for at, note in notes:
        mixed[at : at + note.size] += note
    return np.asarray(_PEAK * mixed / np.abs(mixed).max(), dtype=np.float32)


def _note(length_s: float, from_hz: float, to_hz: float, rate_hz: int) -> F32:
    share = np.linspace(0.0, 1.0, round(length_s * rate_hz), endpoint=False)
    phase = 2 * np.pi * np.cumsum(from_hz * (to_hz / from_hz) ** share) / rate_hz
    wave = sum((a * np.sin((k + 1) * phase) for k, a in enumerate(_PARTIALS)), np.zeros_like(phase))
    attack = np.minimum(1.0, share * length_s / _ATTACK_S)
    decay = np.cos(0.5 * np.pi * share) ** 1.5
    return np.asarray(wave * np.sin(0.5 * np.pi * attack) * decay, dtype=np.float32)


class _Voice(NamedTuple):
    samples: F32
    at: int  # sample of the tone that comes next


class Mixer:
    """Turns due sounds into samples. `render` may be called by another thread than the rest.

    A sound that has begun goes on to its end whatever the clock does; a sound starts on the sample of its time.
    """

    def __init__(self, sounds: Mapping[Cue, F32], rate_hz: int = RATE_HZ) -> None:
        self._sounds = sounds
        self._rate_hz = rate_hz
        self._lock = threading.Lock()
        self._due: list[Due] = []
        self._urgent: list[Cue] = []
        self._voices: list[_Voice] = []
        self._last = Due(-1e9, Cue.IN)
        self.gain = 0.0

    def schedule(self, due: Iterable[Due]) -> None:
        """Replace all sounds still to come."""
        ordered = sorted(due)
        with self._lock:
            self._due = ordered

    def play(self, cue: Cue) -> None:
        """Start `cue` with the next samples."""
        with self._lock:
            self._urgent.append(cue)

    def render(self, start_s: float, n: int) -> F32:
        """Return `n` mono samples, the first one of session time `start_s`."""
        out = np.zeros(n, dtype=np.float32)
        with self._lock:
            fresh = [(0, cue) for cue in self._urgent] + self._starting(start_s, n)
            self._urgent.clear()
            voices = [self._add(out, 0, voice) for voice in self._voices]
            voices += [self._add(out, offset, _Voice(self._sounds[cue], 0)) for offset, cue in fresh]
            self._voices = [voice for voice in voices if voice.at < voice.samples.size]
        return np.asarray(np.clip(out * np.float32(self.gain), -1.0, 1.0), dtype=np.float32)

    def _starting(self, start_s: float, n: int) -> list[tuple[int, Cue]]:
        end_s = start_s + n / self._rate_hz
        made: list[tuple[int, Cue]] = []
        while self._due and self._due[0].t_s < end_s:
            due = self._due.pop(0)
            same = due.cue is self._last.cue and abs(due.t_s - self._last.t_s) < SAME_S
            if due.t_s > start_s - LATE_S and not same:
                self._last = due
                made.append((min(n - 1, max(0, round((due.t_s - start_s) * self._rate_hz))), due.cue))
        return made

    @staticmethod
    def _add(out: F32, offset: int, voice: _Voice) -> _Voice:
        piece = voice.samples[voice.at : voice.at + out.size - offset]
        out[offset : offset + piece.size] += piece
        return _Voice(voice.samples, voice.at + piece.size)
