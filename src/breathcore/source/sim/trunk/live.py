"""A wearer of sensors all round the trunk who follows a drill: breath, brace and movement as its timeline says."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np

from breathcore.model.arrays import F64
from breathcore.model.device import Place
from breathcore.model.drill import DrillPhase, TargetPhase, Timeline
from breathcore.model.trunk import Posture, Side
from breathcore.source.sim.breathing import Breathing
from breathcore.source.sim.spec import Behaviour, WearerSpec
from breathcore.source.sim.strokes import Chain
from breathcore.source.sim.trunk.ahead import Ahead
from breathcore.source.sim.trunk.breath import ScriptedBreath
from breathcore.source.sim.trunk.movements import MOVEMENTS, Exercise
from breathcore.source.sim.trunk.script import AirKind, Script
from breathcore.source.sim.trunk.spec import WALL, TrunkSpec
from breathcore.source.sim.trunk.tracks import Track
from breathcore.source.sim.trunk.wearer import TrunkWearer

_EASE_S = 1.0  # a brace comes and goes
_GENTLE = 0.12  # a brace of which no zone is said
_MISSES = 0.012  # spread of where the brace is kept in its zone
_SENT = 0.35  # by how much more a site opens to which the breath is sent
_SENT_S = 0.8
_SETTLES_S = 1.2
_TURNS_S = 3.0  # to the other side
_TAKES_S = 0.6  # to leave the own breath for what happens, and to go back to it
NOTHING = Script(0.0)
_BOTH_SIDES = {Posture.LEFT_SIDE: Posture.RIGHT_SIDE}


def breathing_as(spec: TrunkSpec, person: WearerSpec) -> WearerSpec:
    """Return `person` with the breath of the trunk that is theirs."""
    return replace(
        person,
        own_rate_bpm=spec.rate_bpm,
        rate_cv=spec.rate_cv,
        depth_cv=spec.depth_cv,
        deep_ratio=1.0 / spec.depth,
        inhale_share=spec.i_to_e / (1.0 + spec.i_to_e),
    )


class LiveBreath:
    """The breath of a wearer who is watched live, and where it is sent.

    Where `happens` has them talk, cough or hold their breath, that takes the place of the breath they follow. The
    strokes of `chain` are still those that they would have breathed.
    """

    def __init__(self, breathing: Breathing, spec: TrunkSpec, happens: Script = NOTHING) -> None:
        self._breathing, self._spec = breathing, spec
        self._given = ScriptedBreath(spec, happens) if happens.air else None
        self._gives = Track()
        for air in happens.air:
            self._gives.go(air.start_s, air.start_s + _TAKES_S, float(air.kind is not AirKind.BREATHE))
        self._start_s = breathing.chain.end[0]
        self._lag = Track(self._lag_of(60.0 / spec.rate_bpm))
        self._sent = tuple(Track() for _ in WALL)

    @property
    def chain(self) -> Chain:
        """The strokes of the breath, as far as it is planned."""
        return self._breathing.chain

    def follow(self, phases: Sequence[TargetPhase], from_s: float) -> None:
        """Lag with the length of each breath that is followed, and send it where it is asked for."""
        self._lag.cut(from_s)
        ins = [p for p in phases if p.kind is DrillPhase.INHALE]
        for phase, length_s in zip(ins, _lengths(ins, phases), strict=True):
            at_s = max(phase.start_s, from_s)
            self._lag.go(at_s, at_s + _SETTLES_S, self._lag_of(length_s))
        if ins:
            self._lag.go(phases[-1].end_s, phases[-1].end_s + _SETTLES_S, self._lag_of(60.0 / self._spec.rate_bpm))
        for track, place in zip(self._sent, WALL, strict=True):
            track.cut(from_s)
            aims = [(p.start_s, p.end_s, _SENT if p.focus is place else 0.0) for p in phases]
            _keep(track, aims, from_s, _SENT_S)

    def level(self, t_s: F64) -> F64:
        """Return the breath at rising `t_s` (n,)."""
        own = self._breathing.level(np.maximum(t_s, self._start_s))
        if self._given is None:
            return own
        share = self._gives(t_s)
        return np.asarray((1.0 - share) * own + share * self._given.level(t_s))

    def lag_s(self, t_s: F64) -> F64:
        """Return how far the belly lags behind the ribs (n,)."""
        return self._lag(t_s)

    def sent(self, t_s: F64) -> F64:
        """Return by what each site of WALL opens more than in step, (n, sites)."""
        return np.stack([track(t_s) for track in self._sent], axis=1)

    def coughs(self, until_s: float) -> Sequence[float]:
        """Return when the coughs up to `until_s` burst."""
        return () if self._given is None else self._given.coughs(until_s)

    def _lag_of(self, length_s: float) -> float:
        return self._spec.phase_deg / 360.0 * length_s


class LiveTrunk(TrunkWearer):
    """The trunk of a person who sees a timeline; `movement` is what its MOVE phases ask for ("": nothing).

    Of `happens` it takes postures, what becomes of the sensors, and talking, coughing and held breaths, all at session
    times.
    Brace and movement follow with the person's reaction lag; free behaviour takes only what is coached. What sensors
    read is computed a second at a time, since they ask for single samples.
    """

    def __init__(
        self,
        spec: TrunkSpec,
        person: WearerSpec,
        breathing: Breathing,
        movement: str = "",
        happens: Script = NOTHING,
    ) -> None:
        self._live = LiveBreath(breathing, spec, happens)
        super().__init__(spec, replace(happens, air=(), brace=(), reps=()), self._live)
        self._person = person
        self._rng = np.random.default_rng([person.seed, 20])
        self._exercise = Exercise(movement, spec) if movement else None
        if self._exercise is not None:
            self.stance.exercises.append(self._exercise)
            if spec.posture is not MOVEMENTS[movement].posture:
                self.pose(MOVEMENTS[movement].posture, -_TURNS_S, 0.5 * _TURNS_S)
        self._moved = {place: Ahead(partial(self._move_of, place)) for place in Place}
        self._pulls = {place: Ahead(partial(self._pull_of, place)) for place in Place}

    def follow(self, timeline: Timeline | None, from_s: float) -> None:
        """See `timeline` from `from_s` on (None: nothing)."""
        phases = timeline.phases if timeline else ()
        free = self._person.behaviour is Behaviour.FREE and any(p.scored for p in phases)
        phases = () if free else tuple(p for p in phases if p.end_s > from_s)
        self._live.follow(phases, from_s)
        self._brace(phases, from_s)
        if self._exercise is not None:
            self._move(self._exercise, phases, from_s)
        for ahead in (*self._moved.values(), *self._pulls.values()):
            ahead.forget(from_s)

    def moved(self, place: Place, t_s: F64) -> tuple[F64, F64]:
        """Return what an accelerometer (g) and a gyroscope (deg/s) at `place` without faults read, each (n, 3)."""
        both = self._moved[place](t_s)
        return both[:, :3], both[:, 3:]

    def pull_n(self, place: Place, t_s: F64) -> F64:
        """Return what a belt at `place` without noise reads at `t_s` (n,)."""
        return np.asarray(self._pulls[place](t_s)[:, 0])

    def _move_of(self, place: Place, t_s: F64) -> F64:
        return np.hstack(super().moved(place, t_s))

    def _pull_of(self, place: Place, t_s: F64) -> F64:
        return super().pull_n(place, t_s)[:, None]

    def _brace(self, phases: Sequence[TargetPhase], from_s: float) -> None:
        self.braced.cut(from_s)
        lag_s = self._person.reaction_lag_s
        aims = [(p.start_s + lag_s, p.end_s + lag_s, self._aim(p)) for p in phases]
        _keep(self.braced, aims, from_s, _EASE_S)

    def _aim(self, phase: TargetPhase) -> float:
        if phase.brace is not None:
            return max(0.5 * sum(phase.brace) + _MISSES * float(self._rng.standard_normal()), 0.0)
        if phase.kind is not DrillPhase.EFFORT:
            return 0.0
        return _GENTLE if phase.scored else 1.0 + 0.04 * float(self._rng.standard_normal())

    def _move(self, exercise: Exercise, phases: Sequence[TargetPhase], from_s: float) -> None:
        exercise.cut(from_s)
        for start_s, end_s, phase in self._moves(phases, from_s):
            if phase.kind is DrillPhase.MOVE:
                self._turn(exercise.kind, phase.side, start_s, from_s)
                usual_deg = MOVEMENTS[exercise.kind].usual_deg * self.spec.ranges
                near = 1.0 + 0.06 * float(self._rng.standard_normal())
                exercise.go(start_s, end_s, usual_deg * near, phase.side)
            else:
                exercise.back(start_s, end_s)

    def _moves(self, phases: Sequence[TargetPhase], from_s: float) -> Iterator[tuple[float, float, TargetPhase]]:
        """Yield when each way there and back is gone, a little late; what is half over is left out."""
        for phase in phases:
            late_s = self._person.reaction_lag_s + self._person.lag_jitter_s * float(self._rng.standard_normal())
            start_s = phase.start_s + max(late_s, 0.05)
            if phase.kind in (DrillPhase.MOVE, DrillPhase.RETURN) and start_s > from_s:
                yield start_s, phase.end_s + 0.5 * max(late_s, 0.05), phase

    def _turn(self, kind: str, side: Side | None, start_s: float, from_s: float) -> None:
        """Lie on the other side in time, where the movement is done lying on one."""
        first = MOVEMENTS[kind].posture
        if first not in _BOTH_SIDES:
            return
        posture = _BOTH_SIDES[first] if side is Side.RIGHT else first
        if self.posture(start_s) is not posture:
            self.pose(posture, max(start_s - 2.0 * _TURNS_S, from_s), _TURNS_S)


def _lengths(ins: Sequence[TargetPhase], phases: Sequence[TargetPhase]) -> Iterator[float]:
    """Yield how long the breath of each inhale is: to the next one of its set, or to the end of the last phase."""
    for phase, after in pairwise([*ins, None]):
        assert phase is not None
        end_s = after.start_s if after is not None else phases[-1].end_s
        yield min(end_s - phase.start_s, 4.0 * (phase.end_s - phase.start_s))


def _keep(track: Track, aims: Sequence[tuple[float, float, float]], from_s: float, ease_s: float) -> None:
    """Send `track` to each aim in its time, and back to nothing where none follows at once."""
    now = float(track(np.array([from_s + 60.0]))[0])
    end_s = from_s
    for start_s, until_s, to in aims:
        if now and start_s - end_s > ease_s:
            track.go(end_s, end_s + ease_s, 0.0)
            now = 0.0
        if to != now:
            at_s = max(start_s, from_s)
            track.go(at_s, at_s + ease_s, to)
            now = to
        end_s = max(until_s, from_s)
    if now:
        track.go(end_s, end_s + ease_s, 0.0)
