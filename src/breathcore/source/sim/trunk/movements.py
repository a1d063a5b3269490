"""What each movement does to trunk and pelvis, and when its repetitions happen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from breathcore.model.arrays import F64
from breathcore.model.trunk import Posture, Side
from breathcore.source.sim.trunk.breath import Guided
from breathcore.source.sim.trunk.script import Reps
from breathcore.source.sim.trunk.spec import TrunkSpec
from breathcore.source.sim.trunk.tracks import Track, smooth

_STEP_HZ = 1.8  # steps a second in a carry
_KEPT_S = 3.0  # a hold as long as this is breathed in
_BACK_S = 1.5  # from a repetition that is broken off
_OUT, _IN = 0.0, 0.5  # levels with a movement


@dataclass(frozen=True, slots=True)
class Turned:
    """Turns about body axes in degrees, (n, 3): x to the right, y forward, z to the left; and how far all rises, cm."""

    trunk: F64
    pelvis: F64
    rise_cm: F64


@dataclass(frozen=True, slots=True)
class MovementKind:
    """One movement: how it begins, how far it usually goes, what `share` (n,) of the way there does to the body.

    `turns` takes the share, the range in degrees, the side's sign and the time, all (n,). `rounds`: the lower back may
    bend in it.
    """

    posture: Posture
    usual_deg: float
    turns: Callable[[F64, F64, F64, F64], Turned]
    rounds: bool = False


@dataclass(frozen=True, slots=True)
class TrueRep:
    """One repetition that was done: left the start, was there, left again, was back; how far it went."""

    kind: str
    start_s: float
    top_s: float
    return_s: float
    end_s: float
    range_deg: float
    side: Side | None = None


def _turned(trunk: tuple[F64, F64, F64], pelvis: tuple[F64, F64, F64], rise_cm: F64) -> Turned:
    return Turned(np.stack(trunk, axis=1), np.stack(pelvis, axis=1), rise_cm)


def _hinge(u: F64, deg: F64, _: F64, t_s: F64) -> Turned:
    none = np.zeros_like(u)
    return _turned((none, deg * u, none), (none, deg * u, none), -4.0 * u)


def _sit_to_stand(u: F64, deg: F64, _: F64, t_s: F64) -> Turned:
    """Lean until the seat is left, rise, be upright; the pelvis, tipped back on the chair, stands tipped forward."""
    none = np.zeros_like(u)
    lean = np.sin(np.pi * np.clip(u, 0.0, 1.0)) * deg
    rise = 38.0 * smooth(np.clip((u - 0.3) / 0.7, 0.0, 1.0))
    return _turned((none, lean + 6.0 * u, none), (none, 0.7 * lean + 25.0 * u, none), rise)


def _bridge(u: F64, deg: F64, _: F64, t_s: F64) -> Turned:
    none = np.zeros_like(u)
    return _turned((none, -0.5 * deg * u, none), (none, -deg * u, none), 10.0 * u)


def _single_leg_bridge(u: F64, deg: F64, sign: F64, t_s: F64) -> Turned:
    none = np.zeros_like(u)
    return _turned((none, -0.5 * deg * u, none), (none, -deg * u, 3.0 * sign * u), 8.0 * u)


def _bird_dog(u: F64, deg: F64, sign: F64, t_s: F64) -> Turned:
    none = np.zeros_like(u)
    return _turned((none, none, 0.4 * deg * sign * u), (none, 0.5 * deg * u, deg * sign * u), none)


def _dead_bug(u: F64, deg: F64, sign: F64, t_s: F64) -> Turned:
    none = np.zeros_like(u)
    return _turned((none, 0.2 * deg * u, none), (none, deg * u, 0.5 * deg * sign * u), none)


def _side_plank(u: F64, deg: F64, sign: F64, t_s: F64) -> Turned:
    none = np.zeros_like(u)
    return _turned((deg * sign * u, none, none), (0.9 * deg * sign * u, none, none), 8.0 * u)


def _carry(u: F64, deg: F64, sign: F64, t_s: F64) -> Turned:
    """Walk with a load on one side: every step tips the pelvis and bounces, the trunk leans away from the load."""
    none = np.zeros_like(u)
    stride = np.sin(np.pi * _STEP_HZ * t_s) * u
    lean = deg * sign * u
    trunk = (lean + 1.0 * stride, 1.5 * u, 2.0 * stride)
    return _turned(trunk, (0.5 * lean + 3.0 * stride, none, 4.0 * stride), 1.5 * np.cos(2 * np.pi * _STEP_HZ * t_s) * u)


def _row(u: F64, deg: F64, sign: F64, t_s: F64) -> Turned:
    none = np.zeros_like(u)
    return _turned((none, -1.5 * u, deg * sign * u), (none, none, 0.3 * deg * sign * u), none)


MOVEMENTS: Mapping[str, MovementKind] = MappingProxyType(
    {
        "hip-hinge": MovementKind(Posture.STANDING, 50.0, _hinge, rounds=True),
        "sit-to-stand": MovementKind(Posture.SITTING, 38.0, _sit_to_stand),
        "bridge": MovementKind(Posture.SUPINE, 28.0, _bridge),
        "single-leg-bridge": MovementKind(Posture.SUPINE, 22.0, _single_leg_bridge),
        "bird-dog": MovementKind(Posture.BENT, 4.0, _bird_dog),
        "dead-bug": MovementKind(Posture.SUPINE, 3.0, _dead_bug),
        "side-plank": MovementKind(Posture.LEFT_SIDE, 20.0, _side_plank),
        "carry": MovementKind(Posture.STANDING, 2.0, _carry),
        "row": MovementKind(Posture.STANDING, 8.0, _row),
    }
)


def sign_of(side: Side | None) -> float:
    """Return +1 for the left side (and where there is none), -1 for the right."""
    return -1.0 if side is Side.RIGHT else 1.0


class Exercise:
    """One movement over time, repetition by repetition: how far on the way there, and of what range."""

    def __init__(self, kind: str, spec: TrunkSpec) -> None:
        self.kind = kind
        self._movement = MOVEMENTS[kind]
        self._spec = spec
        self._share = Track()
        self._range = Track(self._movement.usual_deg * spec.ranges)
        self._side = Track(1.0)
        self._reps: list[TrueRep] = []

    def go(self, start_s: float, top_s: float, range_deg: float | None = None, side: Side | None = None) -> None:
        """Go there between two moments."""
        usual_deg = self._movement.usual_deg * self._spec.ranges
        self._reps = [r for r in self._reps if r.start_s < start_s]
        self._range.go(start_s, start_s, usual_deg if range_deg is None else range_deg)
        self._side.go(start_s, start_s, sign_of(side))
        self._share.go(start_s, top_s, 1.0)
        far_deg = float(self._range(np.array([top_s]))[0])
        self._reps.append(TrueRep(self.kind, start_s, top_s, np.inf, np.inf, far_deg, side))

    def back(self, return_s: float, end_s: float) -> None:
        """Go back between two moments."""
        self._share.go(return_s, end_s, 0.0)
        if self._reps and self._reps[-1].end_s == np.inf:
            r = self._reps[-1]
            self._reps[-1] = TrueRep(r.kind, r.start_s, r.top_s, return_s, end_s, r.range_deg, r.side)

    def cut(self, t_s: float) -> None:
        """Forget what has not begun by then; what is half done is brought back at once."""
        self._reps = [r for r in self._reps if r.start_s < t_s]
        if self._reps and self._reps[-1].return_s > t_s:
            begun = self._reps.pop()
            self._share.go(max(t_s, begun.start_s), max(t_s, begun.start_s) + _BACK_S, 0.0)
        else:
            self._share.cut(t_s)

    def reps(self, until_s: float) -> tuple[TrueRep, ...]:
        """Return the repetitions that were over by then."""
        return tuple(r for r in self._reps if r.end_s <= until_s)

    def share(self, t_s: F64) -> F64:
        """Return how far on the way there, 0–1."""
        return self._share(t_s)

    def turned(self, t_s: F64) -> Turned:
        """Return what it does to the body, what strays off its own axis and all."""
        share = self._share(t_s)
        turned = self._movement.turns(share, self._range(t_s), self._side(t_s), t_s)
        off = self._spec.stray * np.abs(turned.trunk).max(axis=1) * share
        if self._movement.rounds:  # the pelvis stays behind by what the lower back bends
            turned = replace(turned, pelvis=turned.pelvis * (1.0 - self._spec.rounds * share)[:, None])
        return Turned(turned.trunk + np.stack([off, 0.0 * off, off], axis=1), turned.pelvis, turned.rise_cm)


def exercised(reps: Reps, spec: TrunkSpec, rng: np.random.Generator) -> tuple[Exercise, tuple[Guided, ...]]:
    """Return the repetitions as they are done, and the breath that goes with them."""
    exercise = Exercise(reps.kind, spec)
    usual_deg = MOVEMENTS[reps.kind].usual_deg * spec.ranges if reps.range_deg is None else reps.range_deg
    at_s, breath = reps.start_s, []
    for _ in range(reps.n):
        near = np.exp(reps.spread * rng.standard_normal(5)).tolist()
        top_s = at_s + reps.go_s * near[0]
        return_s = top_s + reps.keep_s * near[1]
        end_s = return_s + reps.back_s * near[2]
        exercise.go(at_s, top_s, usual_deg * near[3], reps.side)
        exercise.back(return_s, end_s)
        next_s = end_s + reps.pause_s * near[4]
        breath += _breathed(at_s, top_s, return_s, end_s, next_s)
        at_s = next_s
    guided = (Guided(reps.start_s, at_s, tuple(breath)),) if reps.breathes_out else ()
    return exercise, guided


def _breathed(start_s: float, top_s: float, return_s: float, end_s: float, next_s: float) -> list[tuple[float, float]]:
    """Return the breath of one repetition: out on the way there, in on the way back; breathed in a long hold."""
    found = [(top_s, _OUT)]
    if return_s - top_s > _KEPT_S:
        breaths_n = max(round((return_s - top_s) / 4.0), 1)
        each_s = (return_s - top_s) / breaths_n
        for n in range(breaths_n):
            found += [(top_s + (n + 0.4) * each_s, _IN), (top_s + (n + 1.0) * each_s, _OUT)]
    else:
        found.append((return_s, _OUT))
    return [*found, (end_s, _IN), (next_s, _IN)]
