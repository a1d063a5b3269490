"""Whether packets come in their order: a number in each of them that only rises, until it wraps."""

from dataclasses import dataclass

from breathcore.decode.errors import DecodeError
from breathcore.model.blocks import FaultReason

_LEAP_S = 5.0  # a number that runs ahead of the host's clock further than this is false, or was set
_NEAR_S = 1.0  # a packet that comes late, or twice, comes less late than this
_NEAR_N = 2


@dataclass(frozen=True, slots=True)
class Counted:
    """A number that fits: `value` unwrapped, and `step` from the packet before; None where it follows none."""

    value: int
    step: int | None


@dataclass(slots=True)
class Rising:
    """A stamp or a counter of one connection.

    `range_n` is how many values it has before it wraps, `unit_s` how long one count lasts (nominal), `offset` where it
    stands in the packet, `leap` what to call a number that has run away.

    Half its range back counts as backward. A number far from where it should be is refused once; when the next goes on
    from there, the device has started anew, and so does the count.
    """

    range_n: int
    unit_s: float
    offset: int
    leap: FaultReason
    last: int | None = None
    last_host_s: float = 0.0
    refused: int | None = None
    refused_host_s: float = 0.0

    def check(self, raw: int, t_host_s: float, least: int = 1) -> Counted:
        """Return what `raw` says; `least` is the smallest step that makes sense.

        Raises DecodeError: NOT_RISING for a packet that came twice or late, `leap` for one that cannot follow.
        """
        if self.last is None:
            return Counted(raw, None)
        step = self._step(raw - self.last)
        if step >= least and self._fits(step, t_host_s - self.last_host_s):
            return Counted(self.last + step, step)
        if 0 >= step >= -max(_NEAR_N, _NEAR_S / self.unit_s):
            raise DecodeError(FaultReason.NOT_RISING, self.offset, f"{step} counts")
        if self._started_anew(raw, t_host_s):
            return Counted(raw, None)
        self.refused, self.refused_host_s = raw, t_host_s
        raise DecodeError(FaultReason.NOT_RISING if step < 0 else self.leap, self.offset, f"{step} counts")

    def accept(self, counted: Counted, t_host_s: float) -> None:
        """Go on from `counted`."""
        self.last, self.last_host_s, self.refused = counted.value, t_host_s, None

    def _started_anew(self, raw: int, t_host_s: float) -> bool:
        if self.refused is None:
            return False
        step = self._step(raw - self.refused)
        return step > 0 and self._fits(step, t_host_s - self.refused_host_s)

    def _fits(self, step: int, elapsed_s: float) -> bool:
        return step * self.unit_s <= elapsed_s + _LEAP_S

    def _step(self, ahead: int) -> int:
        """Return the signed step of fewest counts."""
        step = ahead % self.range_n
        return step if step < self.range_n // 2 else step - self.range_n
