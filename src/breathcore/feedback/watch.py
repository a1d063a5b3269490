"""Is there a signal to train with right now, and if not, why: the one answer that drill and screen share."""

import math
from collections.abc import Sequence

from breathcore.model.device import DeviceSpec
from breathcore.model.estimates import EffortBlock, HeartEstimate, RateEstimate, Refusal
from breathcore.model.packets import LinkEvent, LinkKind

STALLED_S = 3.0  # without a sample: the signal is gone …
STALLED_INTERVALS = 3.0  # … or this many times the quickest channel's usual time between packets, if longer
UNUSABLE_S = 5.0  # of samples from a strap that is not on a body: as good as gone
UNCLEAR_S = 40.0  # without a clear breath: a sigh has left the 32-s window by then
NO_BEAT_S = 12.0  # neither beats nor breath: nobody is in the strap (beats come late after it is put on)
OFF_BODY = frozenset({Refusal.FLAT, Refusal.NOT_WORN, Refusal.NO_DATA})


class SignalWatch:
    """Follows the link, the samples and the refusals of one device in session time: the one that the drill needs.

    Parameters
    ----------
    static_refusal : Refusal | None
        Why breath cannot be measured at all with this session's devices (HEART_ONLY, NO_SENSOR), or None.
    devices : Sequence[tuple[str, DeviceSpec]]
        The session's devices.
    channel : str | None
        The channel that the breath is read from, where none is the heart's: the device that has it is followed, and
        loss of any other device changes nothing here. None: the first device.
    has_heart : bool
        Whether the session's devices send heart beats: where neither these nor a breath come, the strap is not worn.

    Attributes
    ----------
    device : str
        Key of the device that is followed, "" where there is none.

    Notes
    -----
    The estimators know nothing of time passing without samples (so that a re-analysis gives the same numbers); that
    the newest sample is old is told here. A refused rate takes the number away at once, but the drill goes on through a
    sigh: it waits only after 3 s without samples, 5 s off the body, or 40 s without a clear breath.
    """

    def __init__(
        self,
        static_refusal: Refusal | None,
        devices: Sequence[tuple[str, DeviceSpec]],
        channel: str | None = None,
        *,
        has_heart: bool = False,
    ) -> None:
        self._static = static_refusal
        owners = [(key, spec) for key, spec in devices if any(c.id == channel for c in spec.channels)]
        self.device, spec = next(iter((*owners, *devices)), ("", None))
        channels = () if spec is None else spec.channels
        followed = [c for c in channels if static_refusal is None and c.id == channel] or channels
        self._channels = frozenset(c.id for c in followed)
        interval_s = min((c.expected_interval_s for c in followed), default=0.0)
        self._stalled_s = max(STALLED_S, STALLED_INTERVALS * interval_s)
        self._first_data_s = 0.0 if spec is None else spec.time_to_first_data_s
        self._linked_s = float("-inf")
        self._has_heart = has_heart
        self._beat_s = 0.0
        self._linked = False
        self._newest_s = float("-inf")
        self._usable_s = float("-inf")
        self._rate_refusal: Refusal | None = Refusal.TOO_SHORT

    @property
    def linked(self) -> bool:
        """Whether the device is connected."""
        return self._linked

    def on_link(self, event: LinkEvent, t_s: float) -> None:
        """Take a link event of session time `t_s`."""
        if event.device != self.device:
            return
        if event.kind is LinkKind.CONNECTED:
            self._linked = True
            self._linked_s = t_s
        elif event.kind in (LinkKind.LOST, LinkKind.CLOSED):
            self._linked = False

    def on_samples(self, channel: str, newest_s: float) -> None:
        """Take note of samples of `channel`, the newest taken at `newest_s`."""
        if channel in self._channels:
            self._newest_s = max(self._newest_s, newest_s)

    def on_effort(self, block: EffortBlock) -> None:
        """Take a piece of the breath trace."""
        if len(block.t_s) and block.usable:
            self._usable_s = float(block.t_s[-1])

    def on_heart(self, estimate: HeartEstimate) -> None:
        """Take a heart beat."""
        if not math.isnan(estimate.hr_bpm):
            self._beat_s = estimate.t_s

    def on_rate(self, estimate: RateEstimate) -> None:
        """Take the newest rate."""
        self._rate_refusal = estimate.refusal

    def streaming(self, now_s: float) -> bool:
        """Whether samples are coming in."""
        return self.linked and now_s - self._newest_s <= self._stalled_s

    def starting(self, now_s: float) -> bool:
        """Whether a link is so new that its device may still be about to send its first samples."""
        return self.linked and self._newest_s < self._linked_s and now_s - self._linked_s <= self._first_data_s

    def usable(self, now_s: float) -> bool:
        """Whether the breath (or, where none is measured, anything) can be followed now."""
        if self._static is not None:
            return self.streaming(now_s)
        patience_s = UNUSABLE_S if self._rate_refusal in OFF_BODY else UNCLEAR_S
        return self.streaming(now_s) and now_s - self._usable_s <= patience_s

    @property
    def usable_until_s(self) -> float:
        """When the newest sample was taken that the drill could follow."""
        return self._newest_s if self._static is not None else min(self._newest_s, self._usable_s)

    def refusal(self, now_s: float) -> Refusal | None:
        """Why there is no breathing rate now, or None where there is one."""
        if self._static is not None:
            return self._static
        if not self.streaming(now_s):
            return Refusal.TOO_SHORT if self.starting(now_s) else Refusal.NO_DATA
        if self._rate_refusal is not None and self._has_heart and now_s - self._beat_s > NO_BEAT_S:
            return Refusal.NOT_WORN
        return self._rate_refusal
