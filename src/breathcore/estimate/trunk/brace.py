"""The brace, live: what a belt at the waist (or a sensor on the belly) reads beyond the breathing's ripple."""

from typing import Literal

from breathcore.model.arrays import F64
from breathcore.model.device import Place
from breathcore.model.trunk import BraceCalibration, BraceEstimate, PostureEstimate

TICK_S = 0.25
Kind = Literal["belt", "tilt"]


class BraceFollower:
    """Follows the brace at one place.

    Parameters
    ----------
    source : str
        Id of the channel that the reading is of.
    place : Place
        Where it is worn.
    rate_hz : float
        Of the even grid of `push` and `breathe`.
    kind : "belt" or "tilt"
        What reads it.
    """

    def __init__(self, source: str, place: Place, rate_hz: float, kind: Kind) -> None:
        self.source, self.place, self.kind = source, place, kind
        self._rate_hz = rate_hz

    def calibrate(self, calibration: BraceCalibration) -> None:
        """Take the person's own range (one with a `reason` takes it away)."""

    def push(self, t_s: F64, y: F64) -> None:
        """Take the own reading `t_s` (n,), `y` (n,), in the unit of the calibration, rising on inhale."""

    def breathe(self, t_s: F64, level: F64, source: str) -> None:
        """Take another breath channel's reading, any unit, rising on inhale, on the same grid."""

    def on(self, item: PostureEstimate) -> None:
        """The posture has changed: what reads as rest has, too."""

    def tick(self, t_s: float) -> BraceEstimate | None:
        """Tell the brace at `t_s` (a quarter of a second); all samples before it have been pushed."""
        return None

    def reset(self) -> None:
        """Forget the signal (a gap); the calibration stays."""
