"""Is there a signal to train with right now, and if not, why: the one answer that drill and screen share."""

import math
from collections.abc import Collection, Sequence

from breathcore.model.device import DeviceSpec
from breathcore.model.estimates import EffortBlock, HeartEstimate, RateEstimate, Refusal
from breathcore.model.packets import LinkEvent, LinkKind

STALLED_S = 3.0  # without a sample: the signal is gone …
STALLED_INTERVALS = 3.0  # … or this many times the quickest channel's usual time between packets, if longer
UNUSABLE_S = 5.0  # of samples from a strap that is not on a body: as good as gone
UNCLEAR_S = 40.0  # without a clear breath: a sigh has left the 32-s window by then
NO_BEAT_S = 12.0  # neither beats nor breath: nobody is in the strap (beats come late after it is put on)
RATE_STALE_S = 8.0  # a second may wait 3 s for its slowest source, and packets come late
OFF_BODY = frozenset({Refusal.FLAT, Refusal.NOT_WORN, Refusal.NO_DATA})


class _Followed:
    """Link and samples of one device that the breath (or, where none is measured, the heart) is read from."""

    def __init__(self, spec: DeviceSpec, channels: Collection[str]) -> None:
        followed = [c for c in spec.channels if c.id in channels] or spec.channels
        self.channels = frozenset(c.id for c in followed)
        self.owned = frozenset(c.id for c in spec.channels)
        interval_s = min((c.expected_interval_s for c in followed), default=0.0)
        self._stalled_s = max(STALLED_S, STALLED_INTERVALS * interval_s)
        self._first_data_s = spec.time_to_first_data_s
        self.linked = False
        self.linked_s = float("-inf")
        self.newest_s = float("-inf")

    def streaming(self, now_s: float) -> bool:
        """Whether samples are coming in."""
        return self.linked and now_s - self.newest_s <= self._stalled_s

    def starting(self, now_s: float) -> bool:
        """Whether the link is so new that the device may still be about to send its first samples."""
        return self.linked and self.newest_s < self.linked_s and now_s - self.linked_s <= self._first_data_s


class SignalWatch:
    """Follows links, samples and refusals in session time: of the devices that the drill needs.

    Parameters
    ----------
    static_refusal : Refusal | None
        Why the breath cannot be followed at all with this session's devices (HEART_ONLY, NO_SENSOR), or None.
    devices : Sequence[tuple[str, DeviceSpec]]
        The session's devices.
    channels : Sequence[str]
        The channels that the breath is read from, the best first; where there are none, the heart's. The devices that
        have them are followed, and loss of any other device changes nothing here. Empty: the first device.
    has_heart : bool
        Whether the session's devices send heart beats: where neither these nor a breath come, the strap is not worn.
    rated : bool
        Whether a breathing rate is told though the breath cannot be followed: from the heart.

    Notes
    -----
    The estimators know nothing of time passing without samples (so that a re-analysis gives the same numbers); that
    the newest sample is old is told here. A refused rate takes the number away at once, but the drill goes on through a
    sigh: it waits only after 3 s without samples, 5 s off the body, or 40 s without a clear breath. With several
    devices it goes on as long as one of them sends; while it waits for all of them, another's rate is still told.
    """

    def __init__(
        self,
        static_refusal: Refusal | None,
        devices: Sequence[tuple[str, DeviceSpec]],
        channels: Sequence[str] = (),
        *,
        has_heart: bool = False,
        rated: bool = False,
    ) -> None:
        self._static = static_refusal
        self._rated = rated
        wanted = channels if static_refusal is None else ()
        owners = {key: spec for c in channels for key, spec in devices if any(own.id == c for own in spec.channels)}
        self._followed = {key: _Followed(spec, wanted) for key, spec in (owners or dict(devices[:1])).items()}
        self._has_heart = has_heart
        self._beat_s = 0.0
        self._usable_s = float("-inf")
        self._rate_refusal: Refusal | None = Refusal.TOO_SHORT
        self._elsewhere_s = float("-inf")  # when a rate was last told by devices that are not followed

    @property
    def device(self) -> str:
        """Key of the device that the breath is read from: the first that is connected; "" where there is none."""
        return next((k for k, d in self._followed.items() if d.linked), next(iter(self._followed), ""))

    @property
    def linked(self) -> bool:
        """Whether a device that is followed is connected."""
        return any(d.linked for d in self._followed.values())

    @property
    def heart_only(self) -> bool:
        """Whether the breath cannot be followed with this session's devices."""
        return self._static is not None

    @property
    def by_heart(self) -> bool:
        """Whether a breathing rate is read from the heart, and from nothing else."""
        return self._static is not None and self._rated

    def on_link(self, event: LinkEvent, t_s: float) -> None:
        """Take a link event of session time `t_s`."""
        device = self._followed.get(event.device)
        if device is None:
            return
        if event.kind is LinkKind.CONNECTED:
            device.linked, device.linked_s = True, t_s
        elif event.kind in (LinkKind.LOST, LinkKind.CLOSED):
            device.linked = False

    def on_samples(self, channel: str, newest_s: float) -> None:
        """Take note of samples of `channel`, the newest taken at `newest_s`."""
        for device in self._followed.values():
            if channel in device.channels:
                device.newest_s = max(device.newest_s, newest_s)

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
        own = any(source in d.owned for d in self._followed.values() for source in estimate.sources)
        told = estimate.refusal is None and bool(estimate.sources) and not own
        self._elsewhere_s = estimate.t_s if told else float("-inf")

    def streaming(self, now_s: float) -> bool:
        """Whether samples are coming in."""
        return any(d.streaming(now_s) for d in self._followed.values())

    def starting(self, now_s: float) -> bool:
        """Whether a link is so new that its device may still be about to send its first samples."""
        return any(d.starting(now_s) for d in self._followed.values())

    def usable(self, now_s: float) -> bool:
        """Whether the breath (or, where none is measured, anything) can be followed now."""
        if self._static is not None:
            return self.streaming(now_s)
        patience_s = UNUSABLE_S if self._rate_refusal in OFF_BODY else UNCLEAR_S
        return self.streaming(now_s) and now_s - self._usable_s <= patience_s

    @property
    def usable_until_s(self) -> float:
        """When the newest sample was taken that the drill could follow."""
        newest_s = max((d.newest_s for d in self._followed.values()), default=float("-inf"))
        return newest_s if self._static is not None else min(newest_s, self._usable_s)

    def refusal(self, now_s: float) -> Refusal | None:
        """Why there is no breathing rate now, or None where there is one."""
        if self._static is not None and not self._rated:
            return self._static
        if not self.streaming(now_s) and now_s - self._elsewhere_s > RATE_STALE_S:
            return Refusal.TOO_SHORT if self.starting(now_s) else Refusal.NO_DATA
        if self._rate_refusal is not None and self._has_heart and now_s - self._beat_s > NO_BEAT_S:
            return Refusal.NOT_WORN
        return self._rate_refusal
