"""What goes wrong and when: a script in session time, the same for the same seed."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from breathcore.model.arrays import F64

Span = tuple[float, float]  # [from, to) in s of session time
OFF_BODY_DROP_S = 45.0  # an H10 off the strap drops its link after this long
_CLOCK_LOST_S = 60.0  # and loses its clock when it has had no link for this long
_BACK_S = 1.0


@dataclass(frozen=True, slots=True)
class FaultSpec:
    """Faults of wearing, of the link and of single notifications.

    Wearing: `off` (taken off its strap: silent, and after 45 s without a link), `table` (lies there: 1 g and noise,
    no heart), `loose` (worn, but follows neither chest nor heart), `contact_lost` (dry electrodes: no heart, the
    chest is still felt). Link: `link_lost` (nothing gets through, `silence_s` later the drop is noticed, to be had
    again at the end), `refused` (it is heard, but ends every connection at once), `stalls` (everything is held back and
    comes in one burst at the end), `stream_ends` (the strap ends its streams by itself), `first_data_s` (a Polar
    device's streams begin this long after their start), `battery_dead_s` (the level
    falls to nothing until then, and it is gone for good). Clock: `clock_ppm` (runs too fast by this much),
    `rate_error` (samples faster than nominal by this share), both on top of the wearer's own.
    Notifications, each a probability from `damage_from_s` on, replies of a control point and read values spared:
    `loss`, `duplication`, `reordering` (arrives after later ones), `truncation`, `corruption` (bits flipped).
    `jitter_s` is the mean of an extra, exponential delay.
    """

    off: tuple[Span, ...] = ()
    table: tuple[Span, ...] = ()
    loose: tuple[Span, ...] = ()
    contact_lost: tuple[Span, ...] = ()
    link_lost: tuple[Span, ...] = ()
    stalls: tuple[Span, ...] = ()
    stream_ends: tuple[float, ...] = ()
    first_data_s: float | None = None
    refused: tuple[Span, ...] = ()
    silence_s: float = 0.0
    battery_dead_s: float = math.inf
    clock_ppm: float = 0.0
    rate_error: float = 0.0
    loss: float = 0.0
    duplication: float = 0.0
    reordering: float = 0.0
    truncation: float = 0.0
    corruption: float = 0.0
    jitter_s: float = 0.0
    damage_from_s: float = 0.0

    @property
    def gaps(self) -> tuple[Span, ...]:
        """When there is no link, in order: asked for, or because the strap has been off for long."""
        long_off = [(a + OFF_BODY_DROP_S, b + _BACK_S) for a, b in self.off if b - a > OFF_BODY_DROP_S]
        dead = [(self.battery_dead_s, math.inf)] if self.battery_dead_s < math.inf else []
        return _joined([*self.link_lost, *long_off, *dead])

    def noticed_s(self, gap: Span) -> float:
        """Return when the loss of the link at the start of `gap` is noticed: before its end, if it ever ends."""
        return min(gap[0] + self.silence_s, gap[1])

    @property
    def clock_losses_s(self) -> tuple[float, ...]:
        """When the strap starts its clock anew: put on again after more than a minute off without a link."""
        return tuple(b for a, b in self.off if b - a > OFF_BODY_DROP_S + _CLOCK_LOST_S)


NO_FAULTS = FaultSpec()


def _joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return `spans` in order, those that meet or overlap as one."""
    whole: list[Span] = []
    for a, b in sorted(spans):
        if whole and a <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(b, whole[-1][1]))
        else:
            whole.append((a, b))
    return tuple(whole)


@dataclass(slots=True)
class Damage:
    """Notifications spoilt so far, by what happened to them."""

    lost: int = 0
    duplicated: int = 0
    reordered: int = 0
    truncated: int = 0
    corrupted: int = 0


def inside(spans: Iterable[Span], t_s: float) -> bool:
    """Return whether `t_s` lies in one of `spans`."""
    return any(a <= t_s < b for a, b in spans)


def mask(spans: Iterable[Span], t_s: F64) -> npt.NDArray[np.bool_]:
    """Return where `t_s` (n,) lies in one of `spans`."""
    found = np.zeros(t_s.size, dtype=np.bool_)
    for a, b in spans:
        found |= (t_s >= a) & (t_s < b)
    return found
