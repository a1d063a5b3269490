"""Posture, repetitions and steadiness from one sensor: what the estimator of the trunk feeds and asks."""

import math
from collections import deque
from collections.abc import Callable

from breathcore.estimate.trunk.breath_log import BreathLog
from breathcore.estimate.trunk.motion import Motion, MotionFollower, Vector
from breathcore.estimate.trunk.movements import Mode, movement_of
from breathcore.estimate.trunk.posture import PostureFollower
from breathcore.estimate.trunk.reps import RepCounter
from breathcore.estimate.trunk.steadiness import SteadinessMeter
from breathcore.model.arrays import F64
from breathcore.model.device import ChannelSpec, Place
from breathcore.model.estimates import Breath, RateEstimate, Turn
from breathcore.model.trunk import (
    MovementLearned,
    MovementTask,
    Posture,
    PostureEstimate,
    Rep,
    RepLevel,
    Steadiness,
    Unmeasured,
)

OTHER = {Place.LEFT: Place.RIGHT, Place.RIGHT: Place.LEFT}
"""Where a sensor is worn after left and right were exchanged."""
MovementEstimate = PostureEstimate | MovementLearned | RepLevel | Rep | Steadiness


class MovementFollower:
    """All that one IMU says of movement.

    Tasks and postures count from their session time on (from the next reading, if that is over already); a `kind` ""
    ends a task, and what it came to is told. A task for another place ends this sensor's, too.

    Parameters
    ----------
    place : Place
        Where it is worn.
    acc : ChannelSpec
        Its accelerometer (g), 10 Hz or more; its id is the source.
    gyro : ChannelSpec | None
        Its gyroscope (deg/s).
    outward : Vector | None
        The direction away from the skin in its axes; None: the wearable's own (`ChannelSpec.inhale_axis`: on the
        breastbone, where that is measured, gravity moves outwards on inhale).

    Attributes
    ----------
    heard : callable or None
        Is given all its motion, for those who compare sensors.
    """

    def __init__(
        self, place: Place, acc: ChannelSpec, gyro: ChannelSpec | None = None, outward: Vector | None = None
    ) -> None:
        self.place, self.source = place, acc.id
        self._gyro_id = None if gyro is None else gyro.id
        self._motion = MotionFollower(acc.rate_hz, None if gyro is None else gyro.rate_hz, acc.expected_interval_s)
        self._log = BreathLog()
        self._outward = outward or acc.inhale_axis
        self._wear(place)
        self.heard: Callable[[Motion], None] | None = None
        self._asked: deque[tuple[float, Callable[[], list[MovementEstimate]]]] = deque()
        self._moving = False
        self._task: MovementTask | None = None
        self.latency_s = self._motion.latency_s + max(self._reps.latency_s, self._posture.latency_s)

    def _wear(self, place: Place) -> None:
        """Begin at `place`: what was learned elsewhere does not hold there."""
        self.place = place
        self._posture = PostureFollower(place, self.source, self._outward)
        self._reps = RepCounter(place, self.source, self._log)
        self._steady = SteadinessMeter(place, self.source)

    def push(self, channel_id: str, t_s: F64, x: F64) -> list[MovementEstimate]:
        """Take samples `t_s` (n,), `x` (n, 3) of one of its channels."""
        if channel_id == self.source:
            return self._follow(self._motion.push_acc(t_s, x))
        return self._follow(self._motion.push_gyro(t_s, x)) if channel_id == self._gyro_id else []

    def flush(self) -> list[MovementEstimate]:
        """Return what is still open."""
        return [*self._follow(self._motion.flush()), *self._end()]

    def task(self, task: MovementTask) -> None:
        """Follow a movement from `task.t_s` on, or nothing any more."""
        self._asked.append((task.t_s, lambda: self._begin(task)))

    def assume(self, posture: Posture, t_s: float) -> None:
        """Learn that the body is in `posture` at `t_s`, and has been for 2 s."""
        self._asked.append((t_s, lambda: self._assume(posture)))

    def exchanged(self, t_s: float) -> None:
        """Know that from `t_s` on the sensors of left and right are worn the other way about."""
        self._asked.append((t_s, self._exchange))

    def on(self, item: Breath | Turn | RateEstimate) -> None:
        """Take what the breath says."""
        self._log.on(item)

    def _assume(self, posture: Posture) -> list[MovementEstimate]:
        self._posture.assume(posture)
        return []

    def _exchange(self) -> list[MovementEstimate]:
        if self.place not in OTHER:
            return []
        task = self._task
        out = self._end()
        self._wear(OTHER[self.place])
        return out if task is None else [*out, *self._begin(task)]

    def _begin(self, task: MovementTask) -> list[MovementEstimate]:
        out = self._end()
        self._task = task
        if task.kind and task.place is self.place:
            self._moving = True
            movement = movement_of(task.kind)
            if movement.by_gyro and self._gyro_id is None:
                out.append(MovementLearned(task.t_s, self.source, (), math.nan, Unmeasured.NO_SENSOR))
            elif movement.mode is Mode.REPS:
                self._reps.start(task)
            else:
                self._steady.start()
        return out

    def _end(self) -> list[MovementEstimate]:
        self._moving, self._task = False, None
        return [*self._reps.end(), *self._steady.end()]

    def _follow(self, motions: list[Motion]) -> list[MovementEstimate]:
        out: list[MovementEstimate] = []
        for motion in motions:
            if self.heard is not None:
                self.heard(motion)
            if motion.new_run:
                for part in (self._posture, self._reps, self._steady):
                    part.broken()
            rows = zip(
                motion.t_s.tolist(), motion.up.tolist(), motion.turn_dps.tolist(), motion.bias_dps.tolist(), strict=True
            )
            for t_s, up, turn, bias in rows:
                while self._asked and self._asked[0][0] <= t_s:
                    out += self._asked.popleft()[1]()
                point = (t_s, tuple(up), tuple(turn), tuple(bias))
                out += self._posture.step(point, moving=self._moving)
                out += self._reps.step(point)
                out += self._steady.step(point)
        return out
