"""A trunk to test with: sensors that turn with the ribs, belts that pull, and what the person did."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from breathcore.estimate.trunk.estimator import TrunkEstimator
from breathcore.model.blocks import SampleBlock
from breathcore.model.device import ChannelSpec, Place, Role
from breathcore.model.estimates import Breath
from breathcore.model.trunk import CalibrationStep, StepKind, TrunkCalibration, TrunkEstimate

F64 = np.ndarray
STEPS = (
    (StepKind.FULL, 9.0),
    (StepKind.QUIET, 12.0),
    (StepKind.FULL, 9.0),
    (StepKind.FULL, 9.0),
    (StepKind.RELAX, 4.0),
)
UP = {  # gravity and the axis that an opening breath turns the sensor about, in body axes x right, y forward, z up
    Place.STERNUM: (1.0, 0.0, 0.0),
    Place.NAVEL: (1.0, 0.0, 0.0),
    Place.LEFT: (0.0, 1.0, 0.0),
    Place.RIGHT: (0.0, -1.0, 0.0),
    Place.BACK: (-1.0, 0.0, 0.0),
    Place.PELVIS: (1.0, 0.0, 0.0),
}


def steps(start_s: float = 2.0) -> TrunkCalibration:
    edges = np.cumsum([start_s, *(s for _, s in STEPS)])
    return TrunkCalibration(
        tuple(CalibrationStep(k, float(a), float(b)) for (k, _), a, b in zip(STEPS, edges, edges[1:], strict=False))
    )


@dataclass(frozen=True)
class OneBreath:
    """From `start_s` on: as deep (share of the full breath) at each place as `depth` says, then `after_s` out."""

    start_s: float
    inhale_s: float
    exhale_s: float
    depth: Mapping[Place, float]
    hold_s: float = 0.0
    after_s: float = 0.0

    @property
    def end_s(self) -> float:
        return self.start_s + self.inhale_s + self.hold_s + self.exhale_s + self.after_s

    def event(self) -> Breath:
        top_s = self.start_s + self.inhale_s
        length = self.end_s - self.start_s
        return Breath(self.start_s, top_s, self.end_s, 1.0, self.end_s + 0.2 * length, 0.9, hold_in_s=self.hold_s)


def even(depth: float) -> dict[Place, float]:
    return dict.fromkeys(Place, depth)


def breaths(
    depth: Mapping[Place, float], n: int = 10, period_s: float = 5.0, start_s: float = 2.0, inhale: float = 0.4
) -> list[OneBreath]:
    """Return those of the calibration from `start_s` on, then `n` of `depth`."""
    out: list[OneBreath] = []
    at = start_s
    for kind, seconds in STEPS:
        if kind is StepKind.FULL:
            out.append(OneBreath(at, 0.45 * seconds, 0.55 * seconds, even(1.0)))
        elif kind is StepKind.QUIET:
            for k in range(3):
                out.append(OneBreath(at + k * seconds / 3, 0.4 * seconds / 3, 0.6 * seconds / 3, even(0.3)))
        at += seconds
    for k in range(n):
        out.append(OneBreath(at + k * period_s, inhale * period_s, (1 - inhale) * period_s, depth))
    return out


def share(done: Iterable[OneBreath], place: Place, t_s: F64) -> F64:
    """Return how far `place` is open."""
    out = np.zeros_like(t_s)
    for b in done:
        up = np.clip((t_s - b.start_s) / b.inhale_s, 0.0, 1.0)
        down = np.clip((t_s - b.start_s - b.inhale_s - b.hold_s) / b.exhale_s, 0.0, 1.0)
        out += b.depth.get(place, 0.0) * 0.5 * (np.cos(np.pi * down) - np.cos(np.pi * up))
    return out


@dataclass(frozen=True)
class Worn:
    """One sensor: an IMU that a full breath tilts by `size` degrees, or a belt that it pulls by `size`."""

    place: Place
    belt: bool = False
    size: float = 2.0
    gyro: bool = True
    noise: float = 0.002  # g; deg/s times 50; belts: of the size, times 5
    lag_deg: float = 0.0
    hz: float = 50.0

    @property
    def acc_channel(self) -> ChannelSpec:
        if self.belt:
            role = Role.BELT
            return ChannelSpec(f"{self.place.value}.belt", role, "N", ("force",), self.hz, 0.2, place=self.place)
        return ChannelSpec(
            f"{self.place.value}.acc", Role.CHEST_ACC, "g", ("x", "y", "z"), self.hz, 0.1, place=self.place
        )

    @property
    def channels(self) -> tuple[ChannelSpec, ...]:
        if self.belt or not self.gyro:
            return (self.acc_channel,)
        name = f"{self.place.value}.gyro"
        return self.acc_channel, ChannelSpec(name, Role.GYRO, "deg/s", ("x", "y", "z"), self.hz, 0.1, place=self.place)


@dataclass(frozen=True)
class Trunk:
    """A body that wears `worn` and breathes `done`; `sway_deg` (t → (3, n)) turns all of it."""

    worn: tuple[Worn, ...]
    done: tuple[OneBreath, ...]
    gravity: tuple[float, float, float] = (0.0, 0.0, 1.0)
    sway_deg: Callable[[F64], F64] = lambda t: np.zeros((3, len(t)))
    alone_deg: Mapping[Place, Callable[[F64], F64]] = field(default_factory=dict)
    seed: int = 0
    end_s: float = 0.0

    @property
    def seconds(self) -> float:
        return self.end_s or self.done[-1].end_s + 6.0

    @property
    def channels(self) -> tuple[ChannelSpec, ...]:
        return tuple(c for w in self.worn for c in w.channels)

    def streams(self) -> list[tuple[ChannelSpec, F64, F64]]:
        out = []
        for n, worn in enumerate(self.worn):
            rng = np.random.default_rng((self.seed, n))
            t = np.arange(0.013 * n, self.seconds, 1 / worn.hz)
            late = worn.lag_deg / 360.0 * 5.0
            open_ = share(self.done, worn.place, t - late) * (worn.place is not Place.PELVIS)
            if worn.belt:
                y = 8.0 + worn.size * open_ + rng.normal(0.0, 5.0 * worn.noise * worn.size, len(t)) * 0.2
                out.append((worn.acc_channel, t, y[:, None]))
                continue
            out += self._imu(worn, t, open_, rng)
        return out

    def _imu(self, worn: Worn, t: F64, open_: F64, rng: np.random.Generator) -> Iterator[tuple[ChannelSpec, F64, F64]]:
        mount, _ = np.linalg.qr(
            np.random.default_rng((self.seed, 7, list(Place).index(worn.place))).normal(size=(3, 3))
        )
        mount *= np.sign(np.linalg.det(mount))
        axis = np.array(UP[worn.place])
        turn = np.radians(worn.size * axis[:, None] * open_ + self.sway_deg(t))
        if worn.place in self.alone_deg:
            turn = turn + np.radians(self.alone_deg[worn.place](t))
        acc = rotated(-turn, np.array(self.gravity))
        yield (
            worn.acc_channel,
            t,
            (mount @ acc).T + rng.normal(0.0, worn.noise, (len(t), 3)) + np.array([0.01, -0.02, 0.015]),
        )
        if worn.gyro:
            rate = np.degrees(np.gradient(turn, t, axis=1))
            noise = rng.normal(0.0, 50.0 * worn.noise, (len(t), 3)) + np.array([0.3, -0.2, 0.4])
            yield worn.channels[1], t, (mount @ rate).T + noise


def rotated(turn: F64, v: F64) -> F64:
    """Return `v` (3,) turned by each of the rotation vectors `turn` (3, n)."""
    angle = np.sqrt((turn**2).sum(axis=0))
    axis = turn / np.maximum(angle, 1e-12)
    v = np.broadcast_to(v[:, None], turn.shape)
    cross = np.cross(axis, v, axis=0)
    return v * np.cos(angle) + cross * np.sin(angle) + axis * (axis * v).sum(axis=0) * (1 - np.cos(angle))


def run(
    trunk: Trunk,
    known: Iterable[object] = (),
    block_s: float = 0.2,
    seed: int | None = None,
    previous: Mapping | None = None,
) -> tuple[TrunkEstimator, list[TrunkEstimate]]:
    """Return what the estimator tells of `trunk` whose streams come in blocks of about `block_s`."""
    estimator = TrunkEstimator(trunk.channels, previous)
    items = sorted(known, key=due)
    out: list[TrunkEstimate] = []
    for at_s, block in cut(trunk.streams(), block_s, seed):
        while items and due(items[0]) <= at_s:
            out += estimator.push(items.pop(0))
        out += estimator.push(block)
    out += estimator.flush(trunk.seconds)
    assert estimator.faults == ()
    return estimator, out


def due(item: object) -> float:
    if isinstance(item, TrunkCalibration):
        return item.steps[0].start_s
    return item.confirmed_s if isinstance(item, Breath) else item.t_s


def cut(
    streams: Iterable[tuple[ChannelSpec, F64, F64]], block_s: float, seed: int | None = None
) -> list[tuple[float, SampleBlock]]:
    """Return the streams in blocks, in the order in which they come; `seed` cuts at random, up to `block_s`."""
    out = []
    for n, (channel, t, x) in enumerate(streams):
        rng = np.random.default_rng((seed or 0, n))
        start = 0
        while start < len(t):
            length = block_s if seed is None else rng.uniform(0.0, block_s)
            end = max(start + 1, int(np.searchsorted(t, t[start] + length)))
            out.append((float(t[end - 1]), SampleBlock(channel, t[start:end], x[start:end])))
            start = end
    return sorted(out, key=lambda p: p[0])


def of(out: Iterable[object], kind: type) -> list:
    return [e for e in out if isinstance(e, kind)]
