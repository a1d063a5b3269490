"""The strap's side of Polar's measurement data service: control point, settings and streams of an H10."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from breathcore.decode.errors import DecodeError
from breathcore.decode.pmd import FRAME_SAMPLES
from breathcore.decode.pmd_control import (
    Measurement,
    Op,
    PmdReply,
    PmdRequest,
    Status,
    Value,
    decode_request,
    encode_active,
    encode_features,
    encode_reply,
    encode_settings_reply,
    encode_start_reply,
    encode_stopped,
)
from breathcore.decode.pmd_frames import UNSET_CLOCK_NS, encode_frame
from breathcore.model.device import EndpointSpec
from breathcore.source.sim.body import Body
from breathcore.source.sim.services import Sent

_FIRST_DATA_S = 0.4
_ECG_LIMIT_UV = 20_000
_STRAY_TAIL = b"\x01"
_OFFERED: Mapping[Measurement, Mapping[str, tuple[int, ...]]] = {
    Measurement.ECG: {"sample_rate": (130,), "resolution": (14,)},
    Measurement.ACC: {"sample_rate": (25, 50, 100, 200), "resolution": (16,), "range": (2, 4, 8)},
}
_WRONG = {
    "sample_rate": Status.INVALID_SAMPLE_RATE,
    "resolution": Status.INVALID_RESOLUTION,
    "range": Status.INVALID_RANGE,
    "channels": Status.INVALID_CHANNELS,
}


@dataclass(slots=True)
class _Stream:
    """A running stream: sample k is taken at `first_s + k / rate_hz` (the real rate, not the nominal)."""

    first_s: float
    rate_hz: float
    frame_n: int
    range_g: float
    sent_n: int = 0

    @property
    def next_s(self) -> float:
        """When the last sample of the next frame is taken."""
        return self.first_s + (self.sent_n + self.frame_n - 1) / self.rate_hz


class PmdService:
    """Answers as an H10 does (devices.md §3.4) and sends 73-sample ECG and 36-sample accelerometer frames.

    Streams end with the link. The frames are raw: 00 for ECG, 01 (16 bits) for the accelerometer.
    """

    def __init__(self, endpoint: EndpointSpec, body: Body) -> None:
        self._control, self._data = f"{endpoint.id}.control", f"{endpoint.id}.data"
        self._sensors, self._clock, self._rate = body.sensors, body.clock, 1.0 + body.rate_error
        self._ends = sorted(body.faults.stream_ends)
        self._streams: dict[Measurement, _Stream] = {}

    @property
    def next_s(self) -> float:
        """When the next frame is full, or a stream is ended by the strap."""
        if not self._streams:
            return math.inf
        return min(min(s.next_s for s in self._streams.values()), *self._ends[:1], math.inf)

    def connect(self, t_s: float) -> None:
        """Begin with no stream running."""
        self._streams = {}

    def disconnect(self) -> None:
        """End all streams."""
        self._streams = {}

    def send(self) -> Sent:
        """Return the frame that is full now."""
        if self._ends and self._ends[0] <= self.next_s:
            self._ends.pop(0)
            ended, self._streams = tuple(self._streams), {}
            return ((self._control, encode_stopped(ended)),)
        type_, stream = min(self._streams.items(), key=lambda item: (item[1].next_s, item[0]))
        last_s = stream.next_s
        k = np.arange(stream.sent_n, stream.sent_n + stream.frame_n)
        samples = self._samples(type_, stream, stream.first_s + k / stream.rate_hz)
        stream.sent_n += stream.frame_n
        frame_type = 0x01 if type_ is Measurement.ACC else 0x00
        return ((self._data, encode_frame(type_, UNSET_CLOCK_NS + self._clock.ns(last_s), samples, frame_type)),)

    def _samples(
        self, type_: Measurement, stream: _Stream, t_s: np.ndarray[tuple[int], np.dtype[np.float64]]
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        if type_ is Measurement.ECG:
            return np.rint(self._sensors.ecg_uv(t_s)).clip(-_ECG_LIMIT_UV, _ECG_LIMIT_UV).astype(np.int64)[:, None]
        limit_mg = 1000.0 * stream.range_g
        return np.rint(self._sensors.acc_mg(t_s)).clip(-limit_mg, limit_mg).astype(np.int64)

    def read(self, name: str, t_s: float) -> bytes | None:
        """Return the features (the control point is the only characteristic that can be read)."""
        return encode_features(_OFFERED) if name == "control" else None

    def write(self, name: str, payload: bytes, t_s: float) -> Sent:
        """Take a request; return the indication that answers it."""
        if name != "control":
            return ()
        try:
            reply = self._answer(decode_request(payload), t_s)
        except DecodeError:
            head = (payload + b"\0\0")[:2]
            reply = encode_reply(PmdReply(head[0], head[1], Status.INVALID_LENGTH))[:4]
        return ((self._control, reply),)

    def _answer(self, request: PmdRequest, t_s: float) -> bytes:
        if request.op == Op.ACTIVE:
            states = bytes(encode_active(m, "online" if m in self._streams else "none") for m in _OFFERED)
            return encode_reply(PmdReply(Op.ACTIVE, 0, Status.OK, params=states))
        if request.op not in (Op.SETTINGS, Op.START, Op.STOP):
            return _refusal(request, Status.INVALID_OPCODE)
        offered = {int(m): m for m in _OFFERED}
        if request.type not in offered:
            return _refusal(request, Status.INVALID_MEASUREMENT_TYPE)
        measurement = offered[request.type]
        if request.op == Op.SETTINGS:
            return encode_settings_reply(measurement, _OFFERED[measurement])
        if request.op == Op.STOP:
            return self._stop(request, measurement)
        return self._start(request, measurement, t_s)

    def _stop(self, request: PmdRequest, measurement: Measurement) -> bytes:
        if measurement not in self._streams:
            return _refusal(request, Status.ALREADY_IN_STATE)
        del self._streams[measurement]
        return encode_reply(PmdReply(Op.STOP, measurement, Status.OK))

    def _start(self, request: PmdRequest, measurement: Measurement, t_s: float) -> bytes:
        if measurement in self._streams:
            return _refusal(request, Status.ALREADY_IN_STATE)
        wrong = _wrong_setting(request.settings, _OFFERED[measurement])
        if wrong is not None:
            return _refusal(request, wrong)
        self._ends = [end_s for end_s in self._ends if end_s > t_s]
        chosen = {name: float(values[0]) for name, values in request.settings.items()}
        self._streams[measurement] = _Stream(
            t_s + _FIRST_DATA_S,
            chosen["sample_rate"] * self._rate,
            FRAME_SAMPLES[measurement],
            chosen.get("range", 0.0),
        )
        return encode_start_reply(measurement, tail=_STRAY_TAIL if measurement is Measurement.ACC else b"")


def _wrong_setting(asked: Mapping[str, tuple[Value, ...]], offered: Mapping[str, tuple[int, ...]]) -> Status | None:
    if set(asked) != set(offered):
        return Status.INVALID_PARAMETER
    for name, values in asked.items():
        if len(values) != 1 or values[0] not in offered[name]:
            return _WRONG.get(name, Status.INVALID_PARAMETER)
    return None


def _refusal(request: PmdRequest, status: Status) -> bytes:
    return encode_reply(PmdReply(request.op, request.type or 0, status))[:4]
