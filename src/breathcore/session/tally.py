"""What a recording has come to in numbers: packets, samples, gaps and faults of each device."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from breathcore.model.blocks import SampleBlock
from breathcore.model.device import ChannelSpec, DeviceSpec, Role
from breathcore.model.packets import Direction, LinkEvent, LinkKind, Packet
from breathcore.record.items import RecordedFault


@dataclass(frozen=True, slots=True)
class ChannelTally:
    """A channel's samples; `rate_hz` as measured between gaps, NaN for events and before there is a number."""

    channel: ChannelSpec
    samples_n: int
    gaps_n: int
    rate_hz: float


@dataclass(frozen=True, slots=True)
class DeviceTally:
    """A device's packets (what it sent), faults, broken links and channels."""

    key: str
    name: str
    packets_n: int
    faults_n: int
    lost_n: int
    battery_percent: int | None
    channels: tuple[ChannelTally, ...]

    @property
    def gaps_n(self) -> int:
        """Gaps of all channels."""
        return sum(c.gaps_n for c in self.channels)


@dataclass(slots=True)
class _Count:
    samples_n: int = 0
    gaps_n: int = 0
    steps_n: int = 0
    steps_s: float = 0.0
    newest_s: float = float("nan")

    @property
    def rate_hz(self) -> float:
        return self.steps_n / self.steps_s if self.steps_s > 0 else float("nan")


class Tally:
    """Counts what a session brings.

    Parameters
    ----------
    devices : Sequence[tuple[str, DeviceSpec]]
        The session's devices; the battery's level is no channel here.
    """

    def __init__(self, devices: Sequence[tuple[str, DeviceSpec]]) -> None:
        self._devices = devices
        self._packets: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()
        self._lost: Counter[str] = Counter()
        self._battery: dict[str, int] = {}
        self._counts = {c.id: _Count() for _, spec in devices for c in spec.channels if c.role is not Role.BATTERY}
        self.heard = False

    def on_input(self, item: Packet | LinkEvent) -> None:
        """Take a packet or link event."""
        if isinstance(item, Packet):
            self._packets[item.device] += item.direction is not Direction.WRITE
        elif item.kind is LinkKind.BATTERY and item.detail.isdigit():
            self._battery[item.device] = int(item.detail)
        elif item.kind is LinkKind.LOST:
            self._lost[item.device] += 1
        elif item.kind in (LinkKind.FOUND, LinkKind.CONNECTING, LinkKind.CONNECTED):
            self.heard = True

    def on_fault(self, fault: RecordedFault) -> None:
        """Take a fault."""
        self._faults[fault.device] += 1

    def on_samples(self, block: SampleBlock) -> None:
        """Take samples."""
        count = self._counts.get(block.channel.id)
        if count is None:
            return
        n, first_s, last_s = len(block.t_s), float(block.t_s[0]), float(block.t_s[-1])
        count.gaps_n += block.gap_before
        if block.channel.rate_hz > 0:
            joined = not block.gap_before and count.samples_n > 0
            count.steps_n += n if joined else n - 1
            count.steps_s += last_s - (count.newest_s if joined else first_s)
        count.samples_n += n
        count.newest_s = last_s

    @property
    def sampled(self) -> bool:
        """Whether any sample has come."""
        return any(count.samples_n for count in self._counts.values())

    def devices(self) -> tuple[DeviceTally, ...]:
        """Return the numbers as they are now, in the session's order of devices."""
        return tuple(self._device(key, spec) for key, spec in self._devices)

    def _device(self, key: str, spec: DeviceSpec) -> DeviceTally:
        counts = [(c, self._counts[c.id]) for c in spec.channels if c.id in self._counts]
        return DeviceTally(
            key,
            spec.name,
            self._packets[key],
            self._faults[key],
            self._lost[key],
            self._battery.get(key),
            tuple(ChannelTally(c, n.samples_n, n.gaps_n, n.rate_hz) for c, n in counts),
        )
