"""The streams of a virtual Polar device: what its sensors feel, in the device's own numbers, frame by frame."""

import math
from collections.abc import Mapping

import numpy as np

from breathcore.decode.pmd_control import Measurement, Value
from breathcore.decode.pmd_forms import DELTAS, Samples
from breathcore.decode.pmd_frames import UNSET_CLOCK_NS, encode_frame
from breathcore.decode.pmd_stream import in_unit, with_rate
from breathcore.model.arrays import F64
from breathcore.model.blocks import RawBlock
from breathcore.model.device import ChannelSpec
from breathcore.source.sim.body import Body
from breathcore.source.sim.pmd_offers import Offer
from breathcore.source.sim.streams import Stream

FIRST_DATA_S = 0.4
FIRST_BEATS_S = 25.0
BEATS_EVERY_S = 5.0
_DETECTED_AFTER_S = 0.15  # a beat is known this long after its R peak
_BEATS_N = 36  # fill a packet
_BEAT_ERROR_MS = 10
_FLAGS = (0, 1, 1)  # not doubted, skin contact, which is sensed
_ECG_LIMIT_UV = 20_000
_UT_PER_GAUSS = 100.0
_COUNTS_PER_UNIT: Mapping[tuple[int, int], float] = {
    (Measurement.ACC, 0x01): 1000.0,  # mG
    (Measurement.ACC, 0x81): 1000.0,
    (Measurement.MAG, 0x81): 10.0,  # thousandths of a gauss
}


class SampledStream:
    """Frames of samples, from `FIRST_DATA_S` after the start (or when the faults say)."""

    def __init__(
        self, type_: Measurement, channel: ChannelSpec, offer: Offer, chosen: Mapping[str, Value], body: Body
    ) -> None:
        self._type, self._offer, self._body = type_, offer, body
        self._factor = 1.0 if offer.factor is None else float(np.float32(offer.factor))
        self._limit = _limit(type_, chosen)
        channel = with_rate(channel, chosen)
        self._stream = Stream(body, (channel,), channel.rate_hz, offer.rows_n)

    @property
    def next_s(self) -> float:
        """When the next frame is full."""
        return self._stream.next_s

    def start(self, t_s: float) -> None:
        """Begin."""
        late_s = self._body.faults.first_data_s
        self._stream.start(t_s + (FIRST_DATA_S if late_s is None else late_s))

    def frame(self) -> bytes:
        """Return the frame that is full at `next_s`, and tell what it holds."""
        (block,) = self._stream.take()
        assert block.t_device_s is not None
        times_s = UNSET_CLOCK_NS * 1e-9 + block.t_device_s
        last_ns = UNSET_CLOCK_NS + round(float(block.t_device_s[-1]) * 1e9)
        samples = self._samples(block.x.clip(-self._limit, self._limit))
        self._body.sent(RawBlock(block.channel, self._read(samples, len(block.channel.axes)), times_s, block.t_host_s))
        return encode_frame(self._type, last_ns, samples, self._offer.frame_type)

    def _samples(self, x: F64) -> Samples:
        """Return the columns of the frame: counts, floats as they are."""
        if self._type in (Measurement.SKIN_TEMP, Measurement.TEMPERATURE, Measurement.PRESSURE):
            return x.astype(np.float32).astype(np.float64)
        counts = np.rint(x * _COUNTS_PER_UNIT.get((self._type, self._offer.frame_type), 1.0) / self._factor)
        form = DELTAS.get((self._type, self._offer.frame_type))
        more_n = form.columns - counts.shape[1] if form is not None else 0
        return np.pad(counts, ((0, 0), (0, more_n)), constant_values=self._offer.status).astype(np.int64)

    def _read(self, samples: Samples, axes_n: int) -> F64:
        """Return what the frame means, in the channel's unit."""
        form = DELTAS.get((self._type, self._offer.frame_type))
        meant = samples if form is None else form.scaled(samples.astype(np.int64), self._factor)
        return in_unit(self._type, meant)[:, :axes_n]


class BeatStream:
    """Frames of the beats since the last one: the first after 25 s, with those of its last 5 s, then every 5 s."""

    def __init__(self, channel: ChannelSpec, body: Body) -> None:
        self._channel, self._body = channel, body
        self._since_s = 0.0
        self._last_ms: int | None = None
        self.next_s = math.inf

    def start(self, t_s: float) -> None:
        """Begin."""
        self.next_s = t_s + FIRST_BEATS_S
        self._since_s = self.next_s - BEATS_EVERY_S - _DETECTED_AFTER_S

    def frame(self) -> bytes | None:
        """Return the frame that is due now and tell what it holds; None without a beat."""
        now_s = self.next_s
        self.next_s += BEATS_EVERY_S
        beats = self._body.sensors.beats(self._since_s, now_s - _DETECTED_AFTER_S)
        self._since_s = now_s - _DETECTED_AFTER_S
        ends_ms = np.rint(self._body.clock.device_s(beats) * 1000.0).astype(np.int64)
        known = ends_ms if self._last_ms is None else np.insert(ends_ms, 0, self._last_ms)
        self._last_ms = int(ends_ms[-1]) if len(ends_ms) else None
        intervals_ms = np.diff(known)[-_BEATS_N:]
        return self._told(intervals_ms, known[-len(intervals_ms) :], now_s) if len(intervals_ms) else None

    def _told(self, intervals_ms: Samples, ends_ms: Samples, now_s: float) -> bytes:
        times_s = UNSET_CLOCK_NS * 1e-9 + ends_ms / 1000.0
        self._body.sent(RawBlock(self._channel, intervals_ms[:, None] / 1000.0, times_s, now_s))
        hr = np.rint(60_000.0 / intervals_ms).clip(0, 255).astype(np.int64)
        rest = np.tile([_BEAT_ERROR_MS, *_FLAGS], (len(hr), 1))
        samples = np.column_stack([hr, intervals_ms, rest])
        return encode_frame(Measurement.PPI, UNSET_CLOCK_NS + int(ends_ms[-1]) * 10**6, samples, 0x00)


def _limit(type_: Measurement, chosen: Mapping[str, Value]) -> float:
    """Return the full scale in the channel's unit."""
    if type_ is Measurement.ECG:
        return _ECG_LIMIT_UV
    scale = _UT_PER_GAUSS if type_ is Measurement.MAG else 1.0
    return float(chosen.get("range", math.inf)) * scale
