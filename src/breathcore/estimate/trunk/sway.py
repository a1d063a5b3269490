"""The body's own sway in a site's reading, and what shows it without the breath.

Turns across gravity are written as complex numbers, in each sensor's own level plane: about its breathing axis, and
across it. All planes are level, so what is common to two sensors differs only by one complex factor: how much more the
one sways, turned by the angle between both mountings. It is read from the calibration by least squares: a site's turn
across its breathing axis has no breath in it and counts by its noise; the turn about it counts by the breath that it is
full of; what is expected beforehand counts by how sure it is, so that noise alone makes no correction.

The reference is what the ribs' sensors show across their breathing axes: the sides lean forward with the body, front
and back lean sideways with it. The angle to each site is known from where it sits, give or take how true the axes are.
A sensor on the pelvis sways (less) and does not breathe; how it is mounted the ribs' sensors show. Where these do not
show both leans, it is the reference.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from breathcore.estimate.trunk.pose import Pose, Vector, level_turn
from breathcore.model.arrays import F64
from breathcore.model.device import Place

ROUNDS_N = 3
NOISE_DEG = 0.02
ALIKE_N = 25.0  # samples that say the same: sway and breath are slow
LEAST_N = 50
AXES: Mapping[Place, complex] = {
    Place.STERNUM: -1j,
    Place.NAVEL: -1j,
    Place.LEFT: 1 + 0j,
    Place.RIGHT: -1 + 0j,
    Place.BACK: 1j,
}
"""What an opening breath turns a site about: 1 forward (a roll), i to the left (a pitch)."""
ABOUT = 0.5
TRUE = 0.3  # how true to their places the breathing axes are
LIKE = 0.5  # of the ribs' turn that the pelvis explains: then its mounting is known
Flags = npt.NDArray[np.bool_]
Read = Callable[[int, int], F64]


@dataclass(frozen=True, slots=True)
class Expected:
    """What the factor is expected to be, how sure that is, and whether the turn across the axis may be used for it."""

    factor: complex = 0j
    spread: float = 1.5
    across: bool = True


UNEXPECTED = Expected()


@dataclass(frozen=True, slots=True)
class PelvisSway:
    """The turn of a sensor on the pelvis since it stood at `rest`; `ribs` is the factor from it to the ribs' turn."""

    read: Read
    rest: Vector
    ribs: complex | None = None

    def turn(self, first: int, end: int) -> F64:
        """Return the turn (2, n) at grid samples `[first, end)`."""
        return level_turn(self.read(first, end), self.rest)

    def expected(self, place: Place) -> tuple[Expected, ...]:
        """Return what is expected of the factor for a site."""
        if self.ribs is None:
            return (UNEXPECTED,)
        return (Expected(AXES[place].conjugate() * self.ribs, TRUE * abs(self.ribs)),)


@dataclass(frozen=True, slots=True)
class RingSway:
    """The roll and the pitch of the ribs as their sensors, across their breathing axes, and the pelvis show them.

    `settled`: the axes were found with the sway taken out; before, what is across them may be breath.
    """

    sites: Mapping[Place, tuple[Read, Pose]]
    pelvis: PelvisSway | None = None
    settled: bool = False

    def turn(self, first: int, end: int) -> F64:
        """Return roll and pitch (2, n) at grid samples `[first, end)`; 0 where nothing shows one."""
        shown: tuple[list[F64], list[F64]] = ([], [])
        for place, (read, pose) in self.sites.items():
            seen = AXES[place] * 1j  # what the turn across the axis is about
            across = level_turn(read(first, end), pose.rest, pose.axis)[1]
            shown[0 if abs(seen.real) > ABOUT else 1].append(across * (seen.real + seen.imag))
        if self.pelvis is not None and self.pelvis.ribs is not None:
            one, two = self.pelvis.turn(first, end)
            whole = self.pelvis.ribs * (one + 1j * two)
            shown[0].append(whole.real)
            shown[1].append(whole.imag)
        return np.stack([_mean(rows, end - first) for rows in shown])

    def expected(self, place: Place) -> tuple[Expected, ...]:
        """Return what may be expected of the factor for a site: the angle that it sits at, and what it shows of it."""
        seated = Expected(AXES[place].conjugate(), TRUE, across=False)
        return (seated, replace(seated, across=True)) if self.settled else (seated,)

    @property
    def whole(self) -> bool:
        """Whether both roll and pitch are shown."""
        return len({abs(AXES[place].real) > ABOUT for place in self.sites}) > 1


Sway = PelvisSway | RingSway


def ratio(own: F64, other: F64) -> complex | None:
    """Return the factor that makes `other` (2, n) like `own` (2, n), None where the two are not alike."""
    good = np.asarray(np.isfinite(own).all(axis=0) & np.isfinite(other).all(axis=0))
    if np.count_nonzero(good) < LEAST_N:
        return None
    (a, b), (p, q) = _centred(own, good), _centred(other, good)
    ribs, pelvis = a + 1j * b, p + 1j * q
    power = float(np.vdot(pelvis, pelvis).real)
    shared = complex(np.vdot(pelvis, ribs))
    if power <= 0.0 or abs(shared) ** 2 < LIKE * power * float(np.vdot(ribs, ribs).real):
        return None
    return shared / power


def _mean(rows: list[F64], count: int) -> F64:
    if not rows:
        return np.zeros(count)
    there = np.stack(rows)
    known = np.isfinite(there)
    return np.asarray(np.where(known, there, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1), dtype=np.float64)


def factor(own: F64, other: F64, quiet: Flags, expected: Expected) -> complex:
    """Return the factor from `other` (2, n) to what of it is in `own` (2, n): about the breathing axis, and across it.

    `quiet` (n,): where the turn about the axis may be used, in quiet breathing.
    """
    good = np.asarray(np.isfinite(own).all(axis=0) & np.isfinite(other).all(axis=0))
    calm = np.asarray(quiet & good)
    if np.count_nonzero(good) < LEAST_N:
        return 0j
    fits = []
    if expected.across:
        one, two = _centred(other, good)
        fits.append((np.stack([two, one], axis=1), _centred(own, good)[1]))
    if np.count_nonzero(calm) >= LEAST_N:
        one, two = _centred(other, calm)
        fits.append((np.stack([one, -two], axis=1), _centred(own, calm)[0]))
    found = before = np.array([expected.factor.real, expected.factor.imag])
    for _ in range(ROUNDS_N):
        found = _fitted(fits, found, before, expected.spread)
    return complex(*found.tolist())


def _fitted(fits: list[tuple[F64, F64]], found: F64, before: F64, spread: float) -> F64:
    normal, right = np.eye(2) / spread**2, before / spread**2
    for rows, values in fits:
        left = values - rows @ found
        weight = 1.0 / max(float(left @ left) / len(left), NOISE_DEG**2) / ALIKE_N
        normal = normal + weight * (rows.T @ rows)
        right = right + weight * (rows.T @ values)
    return np.asarray(np.linalg.solve(normal, right), dtype=np.float64)


def _centred(turn: F64, where: Flags) -> F64:
    kept = turn[:, where]
    return np.asarray(kept - kept.mean(axis=1)[:, None], dtype=np.float64)
