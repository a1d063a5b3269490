"""One Polar stream of one connection: its settings, its scale and where its stamps stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from breathcore.decode.errors import DecodeError
from breathcore.decode.pmd_control import Measurement, Settings, Value
from breathcore.decode.pmd_forms import Samples
from breathcore.decode.pmd_frames import decode_frame, sample_times_ns
from breathcore.dsp.summary import extremes
from breathcore.model.arrays import F64
from breathcore.model.blocks import FaultReason, RawBlock
from breathcore.model.device import ChannelSpec

_MG_PER_G = 1000.0
_UT_PER_GAUSS = 100.0
_MORE_COLUMNS = frozenset({Measurement.PPG, Measurement.MAG})  # more light channels, a status: what is not asked for
_RANGE_MARGIN = 1.05  # full scale is nominal
STAMP_LIMIT_NS = 1 << 62  # 146 years: beyond it the sums of stamps leave 64 bits
_REORDERED_NS = 1_000_000_000  # a frame that comes late comes less late than this, or than two frames
_REORDERED_FRAMES = 2
_RESET_NS = 5_000_000_000  # stamps that fall back, or run ahead of the host's clock, further: the clock was set,
_RESET_FRAMES = 3  # unless that is no more than this many frames
_LEAST = 0.25  # of the time that its samples take: a frame whose stamp goes on by less repeats the one before


@dataclass(slots=True)
class PmdStream:
    """What is known of one stream. `factor` is None until the start reply came.

    `missing`: the device has said that it has no such stream.
    """

    type: Measurement
    channel: ChannelSpec
    chosen: Mapping[str, Value]
    factor: float | None = None
    stopping: bool = False
    missing: bool = False
    restarts_n: int = 0
    previous_ns: int = 0
    previous_host_s: float = 0.0
    before_jump_ns: int = 0

    @property
    def name(self) -> str:
        """The stream in faults: "ecg", "acc"."""
        return self.type.name.lower()

    def choose(self, offered: Settings) -> None:
        """Choose the offered value nearest to the wanted one for each setting, the first where none is wanted."""
        wanted = {"sample_rate": self.channel.rate_hz, **self.channel.settings}
        self.chosen = {
            name: _nearest(values, wanted.get(name, values[0])) for name, values in offered.items() if values
        }

    def blocks(self, payload: bytes, t_host_s: float) -> tuple[RawBlock, ...]:
        """Return the samples of a frame.

        Raises DecodeError, also for a stamp that does not rise (NOT_RISING) and for values beyond what the sensor was
        set to measure (OUT_OF_RANGE).

        Frames that must have been lost before it are estimated from the stamps at the nominal rate; the samples of
        such a frame lie 1/rate apart instead of filling the hole.
        """
        frame = decode_frame(payload, self.factor)
        columns_n, axes_n = frame.samples.shape[1], len(self.channel.axes)
        if columns_n < axes_n or (columns_n > axes_n and self.type not in _MORE_COLUMNS):
            raise DecodeError(FaultReason.UNSUPPORTED_FRAME, 9, f"{self.name} frame type {frame.frame_type:02x}")
        stamp_ns, n = frame.timestamp_ns, len(frame.samples)
        if stamp_ns >= STAMP_LIMIT_NS:
            raise DecodeError(FaultReason.OUT_OF_RANGE, 1, str(stamp_ns))
        x = in_unit(self.type, frame.samples)[:, :axes_n]
        self._require_range(x)
        previous_ns, lost_n = self._continued(stamp_ns, n, t_host_s)
        self.previous_ns, self.previous_host_s = stamp_ns, t_host_s
        times_ns = sample_times_ns(stamp_ns, n, previous_ns, self.channel.rate_hz)
        return (RawBlock(self.channel, x, np.multiply(times_ns, 1e-9), t_host_s, lost_n),)

    def _require_range(self, x: F64) -> None:
        """Refuse a frame that holds more than the sensor was set to measure: its bytes are damaged."""
        scale = _UT_PER_GAUSS if self.type is Measurement.MAG else 1.0
        limit = float(self.chosen.get("range", 0.0)) * scale * _RANGE_MARGIN
        if not limit > 0:
            return
        lowest, highest = extremes(x)
        largest = max(highest, -lowest)
        if limit < largest:
            unit = self.channel.unit
            raise DecodeError(FaultReason.OUT_OF_RANGE, 10, f"{largest:.2f} {unit}, at most {limit:.2f} {unit}")

    def _continued(self, stamp_ns: int, n: int, t_host_s: float) -> tuple[int, int]:
        """Return the stamp that this frame continues (0: none) and the samples lost before it."""
        if not self.channel.rate_hz > 0:
            raise DecodeError(FaultReason.TS_AND_RATE_ZERO, 1)
        previous_ns = self.previous_ns
        behind_ns = previous_ns - stamp_ns
        ahead_ns = -behind_ns - (t_host_s - self.previous_host_s) * 1e9
        frame_ns = n / self.channel.rate_hz * 1e9
        if not previous_ns or max(behind_ns, ahead_ns) > reset_ns(frame_ns):
            self.before_jump_ns = 0
            return 0, 0
        if behind_ns >= 0:
            # A frame that goes on where the one before the last left off shows the last one's stamp to be false.
            late_ns = max(_REORDERED_NS, _REORDERED_FRAMES * frame_ns)
            if behind_ns < late_ns or not 0 < self.before_jump_ns < stamp_ns:
                raise DecodeError(FaultReason.NOT_RISING, 1, f"{stamp_ns} after {previous_ns}")
            previous_ns = self.before_jump_ns
        if stamp_ns - previous_ns < _LEAST * frame_ns:
            raise DecodeError(FaultReason.NOT_RISING, 1, f"{stamp_ns} after {previous_ns}")
        ahead = (stamp_ns - previous_ns) * 1e-9 * self.channel.rate_hz - n
        if ahead > max(1.5, 0.05 * n):
            self.before_jump_ns = previous_ns
            return 0, round(ahead)
        self.before_jump_ns = 0
        return previous_ns, 0


def reset_ns(frame_ns: float) -> float:
    """Return how far stamps may be off before the device's clock must have been set; a frame spans `frame_ns`."""
    return max(_RESET_NS, _RESET_FRAMES * frame_ns)


def in_unit(type_: Measurement, samples: Samples) -> F64:
    """Return samples (n, columns) of a stream in the unit of its channel: g, uT, the others as they are."""
    if type_ is Measurement.ACC:
        return np.divide(samples, _MG_PER_G)
    if type_ is Measurement.MAG:
        return np.multiply(samples, _UT_PER_GAUSS)
    return samples.astype(np.float64)


def _nearest(values: Sequence[Value], wanted: Value) -> Value:
    return min(values, key=lambda value: abs(value - wanted))


def with_rate(channel: ChannelSpec, settings: Mapping[str, Value]) -> ChannelSpec:
    """Return `channel` at the sample rate that was asked of the device."""
    rate_hz = float(settings.get("sample_rate", channel.rate_hz))
    return channel if rate_hz == channel.rate_hz else replace(channel, rate_hz=rate_hz)
