"""The wall of the trunk: how far each site stands out, how far its skin turns, and the girths; all of it geometry."""

import math

import numpy as np

from breathcore.model.arrays import F64
from breathcore.model.device import Place
from breathcore.model.trunk import RING, Posture
from breathcore.source.sim.trunk.breath import TrunkBreath
from breathcore.source.sim.trunk.spec import WALL, TrunkSpec
from breathcore.source.sim.trunk.tracks import Track, Waves

_WANDERS_HZ = (0.012, 0.05)
_SETTLED = 0.7  # by how much less shares wander in a full breath
_BESIDE = np.array(  # who draws the skin along: front, left, right, back, belly
    [
        [0.0, 0.3, 0.3, 0.0, 0.4],
        [0.3, 0.0, 0.0, 0.3, 0.4],
        [0.3, 0.0, 0.0, 0.3, 0.4],
        [0.0, 0.4, 0.4, 0.0, 0.2],
        [0.4, 0.3, 0.3, 0.0, 0.0],
    ]
)
LEVELS = {
    Place.STERNUM: np.array([0.40, 0.25, 0.25, 0.10, 0.0]),
    Place.LEFT: np.array([0.25, 0.25, 0.25, 0.25, 0.0]),
    Place.NAVEL: np.array([0.0, 0.0, 0.0, 0.0, 0.6]),
}
"""Parts of the radial displacement of each site of WALL in the girth at a level."""
_OPENS = {  # shares of the breath in a posture, against sitting: front, left, right, back, belly
    Posture.SUPINE: (0.75, 0.8, 0.8, 0.15, 1.25),
    Posture.PRONE: (0.15, 0.95, 0.95, 1.1, 0.5),
    Posture.LEFT_SIDE: (0.9, 0.35, 1.1, 0.9, 1.1),
    Posture.RIGHT_SIDE: (0.9, 1.1, 0.35, 0.9, 1.1),
    Posture.BENT: (0.9, 1.0, 1.0, 1.0, 0.9),
}
_EVENLY = (1.0, 1.0, 1.0, 1.0, 1.0)
_GIRTHS = {Posture.SITTING: (0.0, 0.0), Posture.STANDING: (0.2, -0.8), Posture.SUPINE: (-0.3, -1.8)}  # chest, waist: cm
_LYING = (-0.2, -0.8)
_BENDS = {Place.STERNUM: 0.006, Place.LEFT: 0.006, Place.NAVEL: 0.02}  # cm a degree that the trunk is bent forward
_SACRUM_DEG = 0.15  # a breath turns the pelvis too, a little


class Wall:
    """Shares, displacements, turns and girths over time. Ask for rising times (the breath is planned so)."""

    def __init__(self, spec: TrunkSpec, breath: TrunkBreath, brace: Track) -> None:
        self._breath, self._brace, self.spec = breath, brace, spec
        sites = [spec.sites[place] for place in WALL]
        self._full_cm = np.array([s.full_cm for s in sites])
        self._tilt_deg = np.array([s.tilt_deg for s in sites])
        self._curve = np.array([s.curve for s in sites])
        self._crosstalk = np.array([s.crosstalk for s in sites])
        self._quiet = np.array([s.quiet for s in sites]) * np.array([spec.quiet_ribs] * len(RING) + [spec.quiet_belly])
        rng = np.random.default_rng([spec.seed, 12])
        self._wander = Waves(rng, len(WALL), *_WANDERS_HZ)
        self._unsteady = Waves(rng, 1, 0.1, 1.0)
        self._opens = tuple(Track(x) for x in _OPENS.get(spec.posture, _EVENLY))
        self._girth = tuple(Track(x) for x in _GIRTHS.get(spec.posture, _LYING))

    def posed(self, posture: Posture, start_s: float, end_s: float) -> None:
        """Share the breath out as in `posture` from `end_s` on."""
        for track, to in zip(self._opens, _OPENS.get(posture, _EVENLY), strict=True):
            track.go(start_s, end_s, to)
        for track, to in zip(self._girth, _GIRTHS.get(posture, _LYING), strict=True):
            track.go(start_s, end_s, to)

    def brace(self, t_s: F64) -> F64:
        """Return the brace at `t_s` (n,), 0 at ease to 1 the firmest gentle one; not quite steady while it is held."""
        level = self._brace(t_s)
        unsteady = self.spec.brace.unsteady * self._unsteady(t_s)[:, 0]
        return np.asarray(level + unsteady * np.clip(level / 0.05, 0.0, 1.0))

    def shares(self, t_s: F64) -> F64:
        """Return how far each site of WALL is open at `t_s` (n,), (n, sites): 1 in the person's own full breath."""
        lag_s = self._breath.lag_s(t_s)
        ribs = self._level(t_s, np.maximum(-lag_s, 0.0))
        belly = self._level(t_s, np.maximum(lag_s, 0.0))
        brace = self.brace(t_s)
        ribs_more, stiff = 1.0 + self.spec.brace.ribs_more * brace, 1.0 - self.spec.brace.stiffens * brace
        level = np.stack([ribs] * len(RING) + [belly], axis=1)
        gain = np.stack([ribs_more] * len(RING) + [stiff], axis=1)
        wander = 1.0 + self.spec.wanders * self._wander(t_s) * (1.0 - _SETTLED * np.clip(level, 0.0, 1.0))
        opens = np.stack([track(t_s) for track in self._opens], axis=1)
        quiet = 1.0 + (self._quiet - 1.0) * (1.0 - np.clip(level, -0.5, 1.5))
        return np.asarray(level * quiet * wander * gain * opens * (1.0 + self._breath.sent(t_s)))

    def displacements_cm(self, t_s: F64) -> F64:
        """Return how far each site stands out, (n, sites)."""
        return np.asarray(self.shares(t_s) * self._full_cm)

    def turns_deg(self, t_s: F64) -> F64:
        """Return how far the skin has turned at each site of WALL and at the pelvis, (n, sites + 1)."""
        shares = self.shares(t_s)
        mixed = (1.0 - self._crosstalk) * shares + self._crosstalk * (shares @ _BESIDE.T)
        turns = self._tilt_deg * mixed * (1.0 + self._curve * (1.0 - np.clip(mixed, -0.5, 2.0)))
        turns[:, -1] += self.spec.brace.turns_deg * self.brace(t_s)
        return np.column_stack([turns, _SACRUM_DEG * shares[:, -1]])

    def girth_cm(self, place: Place, t_s: F64, bent_deg: F64 | float = 0.0) -> F64:
        """Return by how much the girth at the level of `place` exceeds that at rest, sitting: (n,) cm.

        Levels are those of `TapeReading`: the sternum's, the navel's, and for any other place the lower ribs'.
        """
        level = _level_of(place)
        girth = self.breathed_cm(place, t_s)
        waist = level is Place.NAVEL
        braced = self.brace(t_s) * self.spec.brace.waist_cm * (1.0 if waist else self.spec.brace.spills)
        return np.asarray(girth + braced + self._girth[waist](t_s) + _BENDS[level] * np.asarray(bent_deg))

    def breathed_cm(self, place: Place, t_s: F64) -> F64:
        """Return the breath's part of that girth."""
        return np.asarray(2.0 * math.pi * (self.displacements_cm(t_s) @ LEVELS[_level_of(place)]))

    def full_girth_cm(self, place: Place) -> float:
        """Return what a full breath, sitting, makes of that girth."""
        return float(2.0 * math.pi * (self._full_cm @ LEVELS[_level_of(place)]))

    def _level(self, t_s: F64, lag_s: F64) -> F64:
        """Return the breath as it was `lag_s` ago."""
        if not lag_s.any():
            return self._breath.level(t_s)
        at_s = t_s - lag_s
        order = np.argsort(at_s, kind="stable")
        level = np.empty(at_s.size)
        level[order] = self._breath.level(at_s[order])
        return level


def _level_of(place: Place) -> Place:
    return place if place in LEVELS else Place.LEFT
