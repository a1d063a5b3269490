"""A body that leans, sways and breathes under one accelerometer and gyroscope, to test movement with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from breathcore.estimate.trunk.movement import MovementEstimate, MovementFollower
from breathcore.model.device import ChannelSpec, Place, Role
from breathcore.model.trunk import MovementTask, Posture, Side

F64 = np.ndarray
HZ = 52.0
ACC = ChannelSpec("acc", Role.CHEST_ACC, "g", ("x", "y", "z"), HZ, 0.25)
GYRO = ChannelSpec("gyro", Role.GYRO, "deg/s", ("x", "y", "z"), HZ, 0.25)
RIGHT, FORWARD, UP = (np.array(v, float) for v in ((1, 0, 0), (0, 1, 0), (0, 0, 1)))


def smooth(part: F64) -> F64:
    s = np.clip(part, 0.0, 1.0)
    return s * s * (3.0 - 2.0 * s)


def turn(vector_deg: F64) -> F64:
    """Rotations (n, 3, 3) about the vectors (n, 3), by their lengths in degrees."""
    v = np.radians(vector_deg)
    angle = np.linalg.norm(v, axis=-1)[:, None, None] + 1e-12
    x, y, z = v.T
    o = 0 * x
    k = np.stack([o, -z, y, z, o, -x, -y, x, o], axis=-1).reshape(-1, 3, 3)
    return np.eye(3) + np.sin(angle) / angle * k + (1 - np.cos(angle)) / angle**2 * (k @ k)


@dataclass
class Body:
    """`lean_deg` (n, 3): rotation vector of the trunk over time, from a base posture; the sensor is mounted askew."""

    seconds: float
    seed: int = 1
    base: tuple[float, float, float] = (0.0, 0.0, 0.0)
    noise_g: float = 0.002
    bias_dps: float = 0.8
    lever_m: float = 0.3
    reps: list[tuple[float, float, float, float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.t_s = np.arange(0.0, self.seconds, 1.0 / HZ)
        self.lean_deg = np.zeros((len(self.t_s), 3))

    def sways(self, deg: float, hz: Sequence[float] = (0.07, 0.21, 0.43)) -> "Body":
        for axis in (RIGHT, FORWARD):
            for f in hz:
                wave = np.sin(2 * np.pi * (f * self.t_s + self.rng.uniform()))
                self.lean_deg += (deg / len(hz) * wave)[:, None] * axis
        return self

    def breathes(self, deg: float, per_min: float = 12.0) -> "Body":
        """Tilt by `deg` peak to peak."""
        self.lean_deg += (0.5 * deg * np.sin(2 * np.pi * per_min / 60.0 * self.t_s))[:, None] * FORWARD
        return self

    def does(
        self,
        n: int,
        deg: float = 40.0,
        start_s: float = 6.0,
        way_s: float = 1.5,
        keep_s: float = 0.3,
        pause_s: float = 0.4,
        axis: F64 = FORWARD,
        spread: float = 0.08,
    ) -> "Body":
        at = start_s
        for _ in range(n):
            size, there, back = (1 + spread * self.rng.uniform(-1, 1, 3)) * (deg, way_s, way_s)
            top, away = at + there, at + there + keep_s
            self.lean_deg += (size * (smooth((self.t_s - at) / there) - smooth((self.t_s - away) / back)))[
                :, None
            ] * axis
            self.reps.append((at, top, away, away + back, size))
            at = away + back + pause_s
        return self

    def goes(self, at_s: float, vector_deg: Sequence[float], seconds: float = 2.0) -> "Body":
        """Lean by `vector_deg` from `at_s` on."""
        self.lean_deg += smooth((self.t_s - at_s) / seconds)[:, None] * np.array(vector_deg, float)
        return self

    def read(self) -> tuple[F64, F64]:
        """Return what accelerometer and gyroscope read."""
        n = len(self.t_s)
        stands = turn(np.tile(self.base, (n, 1))) @ turn(self.lean_deg)
        mount = turn(self.rng.uniform(-60, 60, (1, 3)))[0]
        at = stands @ np.array((0.0, 0.1, self.lever_m))
        moved = np.gradient(np.gradient(at, 1 / HZ, axis=0), 1 / HZ, axis=0) / 9.81
        felt = np.swapaxes(stands, 1, 2) @ (moved + UP)[..., None]
        step = np.swapaxes(stands[:-1], 1, 2) @ stands[1:]
        odd = np.stack([step[:, 2, 1] - step[:, 1, 2], step[:, 0, 2] - step[:, 2, 0], step[:, 1, 0] - step[:, 0, 1]], 1)
        rate = np.degrees(0.5 * odd) * HZ
        rate = np.vstack([rate, rate[-1:]])
        acc = felt[..., 0] @ mount + self.rng.uniform(-0.03, 0.03, 3) + self.rng.normal(0, self.noise_g, (n, 3))
        gyro = rate @ mount + self.rng.uniform(-1, 1, 3) * self.bias_dps + self.rng.normal(0, 0.08, (n, 3))
        self.outward = tuple(mount.T @ FORWARD)
        return acc, gyro


def follow(
    body: Body,
    tasks: Iterable[MovementTask] = (),
    *,
    place: Place = Place.STERNUM,
    gyro: bool = True,
    outward: bool = True,
    assumed: Iterable[tuple[Posture, float]] = (),
    heard: Iterable[object] = (),
    cuts: Sequence[int] = (),
) -> list[MovementEstimate]:
    """Return all that a follower tells of `body`; `cuts` are the lengths of blocks, in turn."""
    acc, turning = body.read()
    follower = MovementFollower(place, ACC, GYRO if gyro else None, body.outward if outward else None)
    for task in tasks:
        follower.task(task)
    for posture, t_s in assumed:
        follower.assume(posture, t_s)
    for item in heard:
        follower.on(item)
    out: list[MovementEstimate] = []
    lengths = cuts or (13,)
    at = n = 0
    while at < len(acc):
        size = lengths[n % len(lengths)]
        piece = slice(at, at + size)
        out += follower.push(ACC.id, body.t_s[piece], acc[piece])
        if gyro:
            out += follower.push(GYRO.id, body.t_s[piece], turning[piece])
        at, n = at + size, n + 1
    return out + follower.flush()


def task(kind: str = "hip_hinge", t_s: float = 4.0, side: Side | None = None, guided_n: int = 2) -> MovementTask:
    return MovementTask(t_s, kind, Place.STERNUM, (15.0, 75.0), guided_n, side)
