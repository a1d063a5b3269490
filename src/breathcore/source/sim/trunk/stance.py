"""How trunk and pelvis stand in the world: posture, sway, movement, wobble."""

import numpy as np

from breathcore.model.arrays import F64
from breathcore.model.trunk import Posture
from breathcore.source.sim.trunk.movements import Exercise
from breathcore.source.sim.trunk.spec import TrunkSpec, Vector
from breathcore.source.sim.trunk.tracks import Track, Waves
from breathcore.source.sim.trunk.turning import rotation, rotation_vector, transposed

_SWAYS_HZ = (0.05, 0.5)
_WOBBLES_HZ = (0.3, 2.0)
_PEAKS = 3.2  # peak to peak of a sum of six sines, in RMS
_LYING = 0.1  # what is left of sway
_ABOUT = np.array([0.7, 1.0, 0.4])  # sway: sideways, forward, about the spine
_TRUNK: dict[Posture, Vector] = {  # rotation vectors, degrees, off standing upright
    Posture.SITTING: (0.0, -4.0, 0.0),
    Posture.STANDING: (0.0, 2.0, 0.0),
    Posture.UPRIGHT: (0.0, 0.0, 0.0),
    Posture.SUPINE: (0.0, -88.0, 0.0),
    Posture.PRONE: (0.0, 88.0, 0.0),
    Posture.LEFT_SIDE: (-86.0, 0.0, 0.0),
    Posture.RIGHT_SIDE: (86.0, 0.0, 0.0),
    Posture.BENT: (0.0, 80.0, 0.0),
}
_PELVIS: dict[Posture, Vector] = {  # on top of the trunk's
    Posture.SITTING: (0.0, -12.0, 0.0),
    Posture.STANDING: (0.0, 9.0, 0.0),
    Posture.BENT: (0.0, 5.0, 0.0),
}
_STRAIGHT = (0.0, 0.0, 0.0)
_UPRIGHT = (Posture.SITTING, Posture.STANDING, Posture.UPRIGHT, Posture.BENT)


class Stance:
    """The turning of trunk and pelvis over time, and how far the body has risen."""

    def __init__(self, spec: TrunkSpec) -> None:
        self._spec = spec
        rng = np.random.default_rng([spec.seed, 13])
        self._sway = Waves(rng, 3, *_SWAYS_HZ)
        self._pelvis_sway = Waves(rng, 3, *_SWAYS_HZ)
        self._wobble = Waves(rng, 3, *_WOBBLES_HZ)
        self._postures = [spec.posture]
        self._between = [Track(1.0)]
        self._starts = [-np.inf]
        self._swaying = Track(1.0 if spec.posture in _UPRIGHT else _LYING)
        self.exercises: list[Exercise] = []

    def posed(self, posture: Posture, start_s: float, end_s: float) -> None:
        """Go into `posture`."""
        track = Track()
        track.go(start_s, end_s, 1.0)
        self._postures.append(posture)
        self._between.append(track)
        self._starts.append(start_s)
        self._swaying.go(start_s, end_s, 1.0 if posture in _UPRIGHT else _LYING)

    def posture(self, t_s: float) -> Posture:
        """Return the posture that was last gone into."""
        return self._postures[int(np.searchsorted(self._starts, t_s, side="right")) - 1]

    def trunk(self, t_s: F64) -> F64:
        """Return the trunk's turning at `t_s` (n,), body axes to earth axes: (n, 3, 3)."""
        sway = self._swayed(t_s)
        return np.asarray(self._base(t_s, pelvis=False) @ rotation(sway + self._moved(t_s, pelvis=False)))

    def pelvis(self, t_s: F64) -> F64:
        """Return the pelvis' turning."""
        part, own = self._spec.pelvis_sways, 0.3 * self._spec.pelvis_sways
        sway = part * self._swayed(t_s) + own * self._amount(t_s) * self._pelvis_sway(t_s) * _ABOUT
        return np.asarray(self._base(t_s, pelvis=True) @ rotation(sway + self._moved(t_s, pelvis=True)))

    def rise_cm(self, t_s: F64) -> F64:
        """Return how far the body has risen."""
        return np.asarray(sum((e.turned(t_s).rise_cm for e in self.exercises), np.zeros(t_s.size)))

    def bent_deg(self, t_s: F64) -> F64:
        """Return how far the trunk is bent forward by movements."""
        return self._moved(t_s, pelvis=False)[:, 1]

    def _swayed(self, t_s: F64) -> F64:
        return np.asarray(self._amount(t_s) * self._sway(t_s) * _ABOUT)

    def _amount(self, t_s: F64) -> F64:
        return self._swaying(t_s)[:, None] * (self._spec.sway_deg / _PEAKS)

    def _moved(self, t_s: F64, *, pelvis: bool) -> F64:
        total = np.zeros((t_s.size, 3))
        for exercise in self.exercises:
            turned = exercise.turned(t_s)
            total += turned.pelvis if pelvis else turned.trunk
            if pelvis:
                total += self._spec.wobble_deg * exercise.share(t_s)[:, None] * self._wobble(t_s) * _ABOUT
        return total

    def _base(self, t_s: F64, *, pelvis: bool) -> F64:
        """Return the posture's turning, on the way from one to the next where it changes."""
        which = np.searchsorted(self._starts, t_s, side="right") - 1
        base = np.empty((t_s.size, 3, 3))
        for k in np.unique(which):
            part = which == k
            to = self._posed(self._postures[k], pelvis=pelvis)
            if k == 0:
                base[part] = to
                continue
            before = self._posed(self._postures[k - 1], pelvis=pelvis)
            way = rotation_vector(transposed(before) @ to)
            base[part] = before @ rotation(self._between[k](t_s[part])[:, None] * way)
        return base

    def _posed(self, posture: Posture, *, pelvis: bool) -> F64:
        turned = rotation(np.array(_TRUNK.get(posture, _STRAIGHT))) @ rotation(np.array(self._spec.leans_deg))
        return turned @ rotation(np.array(_PELVIS.get(posture, _STRAIGHT))) if pelvis else turned
