"""The simulated wearer: breath, heart and chest as one causal whole."""

import numpy as np

from breathcore.model.arrays import F64, frozen
from breathcore.model.drill import Timeline
from breathcore.source.sim.breathing import Breathing
from breathcore.source.sim.chest import Chest
from breathcore.source.sim.heart import Heart
from breathcore.source.sim.spec import Behaviour, Burst, PostureStep, WearerSpec
from breathcore.source.sim.strokes import turns
from breathcore.source.sim.trunk.live import NOTHING, LiveTrunk, breathing_as
from breathcore.source.sim.trunk.script import Script
from breathcore.source.sim.trunk.spec import TrunkSpec
from breathcore.source.sim.truth import TrueBreath, Truth

__all__ = ["Behaviour", "Burst", "PostureStep", "Wearer", "WearerSpec"]

_START_S = -2.0  # the wearer breathed before the session began
_LEAST = 0.15  # of a quiet breath: a swing smaller than this is no breath
_OUTWARD = (0.0, 0.0, 1.0)
_LAG_S = 0.02  # over which the change of an angle is taken


class Wearer:
    """Everything a sensor could see of a person, as functions of session time that must not run ahead of it.

    Ask for rising times; what has been asked for is fixed, and `follow` changes only what comes after its `from_s`.
    With a `trunk` sensors can be worn all round it; the breath is that person's, and `movement` is what they do in the
    MOVE phases of a timeline, `happens` what becomes of sensors and posture meanwhile.
    """

    def __init__(
        self,
        spec: WearerSpec,
        timeline: Timeline | None = None,
        inhale_axis: tuple[float, float, float] = _OUTWARD,
        trunk: TrunkSpec | None = None,
        movement: str = "",
        happens: Script = NOTHING,
    ) -> None:
        spec = spec if trunk is None else breathing_as(trunk, spec)
        self.spec = spec
        self._breathing = Breathing(spec, _START_S)
        self.trunk = None if trunk is None else LiveTrunk(trunk, spec, self._breathing, movement, happens)
        self._heart = Heart(spec, self._breathing, _START_S)
        self._chest = Chest(spec, inhale_axis)
        self.follow(timeline, 0.0)

    def follow(self, timeline: Timeline | None, from_s: float) -> None:
        """See `timeline` from `from_s` on; None: see nothing, breathe freely."""
        self._breathing.follow(timeline, from_s)
        if self.trunk is not None:
            self.trunk.follow(timeline, from_s)

    def level(self, t_s: F64) -> F64:
        """Return the chest's level at `t_s` (n,): 0 breathed out, 1 a full breath in."""
        return self._breathing.level(t_s)

    def tilt_deg(self, t_s: F64) -> F64:
        """Return the tilt of the breath at `t_s` (n,)."""
        return self._chest.tilt_deg(self.level(t_s))

    def turning_dps(self, t_s: F64) -> F64:
        """Return what a gyroscope without noise reads at `t_s`, (n, 3): the sensor turns as the breath tilts it."""
        before = self.tilt_deg(t_s - _LAG_S)
        return self._chest.turning_dps((self.tilt_deg(t_s) - before) / _LAG_S)

    def acc_mg(self, t_s: F64) -> F64:
        """Return what an accelerometer without noise reads at `t_s`, thousandths of g, (n, 3)."""
        beats = self._heart.beats(float(t_s[0]) - 0.6, float(t_s[-1]))
        return self._chest.acc_mg(t_s, self.level(t_s), self._breathing.acceleration(t_s), beats)

    def ecg_uv(self, t_s: F64) -> F64:
        """Return what electrodes without noise read at `t_s` (n,)."""
        return self._heart.ecg_uv(t_s, self.level(t_s))

    def beats(self, from_s: float, to_s: float) -> F64:
        """Return the R peaks in `[from_s, to_s)`."""
        return self._heart.beats(from_s, to_s)

    def truth(self, until_s: float) -> Truth:
        """Return the breaths and beats up to `until_s`."""
        quiet = 1.0 / self.spec.deep_ratio
        found = turns(self._breathing.chain, until_s, _LEAST * quiet)
        deg = self.spec.tilt_deg_pp * self.spec.deep_ratio
        breaths = [
            TrueBreath(a.t_s, b.t_s, c.t_s, (b.level - a.level) * deg)
            for a, b, c in zip(found, found[1:], found[2:], strict=False)
            if a.up
        ]
        return Truth(until_s, tuple(breaths), frozen(np.asarray(self.beats(0.0, until_s))))
