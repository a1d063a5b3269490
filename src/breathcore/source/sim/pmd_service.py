"""The device's side of Polar's measurement data service: control point, settings and streams."""

import math
from collections.abc import Mapping

from breathcore.decode.errors import DecodeError
from breathcore.decode.pmd import type_of
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
from breathcore.model.device import EndpointSpec
from breathcore.source.sim.body import Body
from breathcore.source.sim.pmd_offers import H10, OFFERS
from breathcore.source.sim.pmd_streams import BeatStream, SampledStream
from breathcore.source.sim.services import Sent

_WRONG = {
    "sample_rate": Status.INVALID_SAMPLE_RATE,
    "resolution": Status.INVALID_RESOLUTION,
    "range": Status.INVALID_RANGE,
    "channels": Status.INVALID_CHANNELS,
}


class PmdService:
    """Answers as the device of the endpoint's file does (see `pmd_offers`) and sends the frames that it sends.

    It has the streams for which the file has a channel. Streams end with the link.
    """

    def __init__(self, endpoint: EndpointSpec, body: Body) -> None:
        self._control, self._data = f"{endpoint.id}.control", f"{endpoint.id}.data"
        self._body = body
        self._channels = {type_of(c): c for c in endpoint.channels}
        offers = OFFERS.get(body.device.id, H10)
        self._offers = {m: offer for m, offer in offers.items() if m in self._channels}
        self._ends = sorted(body.faults.stream_ends)
        self._streams: dict[Measurement, SampledStream | BeatStream] = {}

    @property
    def next_s(self) -> float:
        """When the next frame is full, or a stream is ended by the device."""
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
        _, stream = min(self._streams.items(), key=lambda item: (item[1].next_s, item[0]))
        frame = stream.frame()
        return () if frame is None else ((self._data, frame),)

    def read(self, name: str, t_s: float) -> bytes | None:
        """Return the features (the control point is the only characteristic that can be read)."""
        return encode_features(self._offers) if name == "control" else None

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
            states = bytes(encode_active(m, "online" if m in self._streams else "none") for m in self._offers)
            return encode_reply(PmdReply(Op.ACTIVE, 0, Status.OK, params=states))
        if request.op not in (Op.SETTINGS, Op.START, Op.STOP):
            return _refusal(request, Status.INVALID_OPCODE)
        offered = {int(m): m for m in self._offers}
        if request.type not in offered:
            return _refusal(request, Status.INVALID_MEASUREMENT_TYPE)
        measurement = offered[request.type]
        if request.op == Op.SETTINGS:
            return encode_settings_reply(measurement, self._offers[measurement].settings)
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
        offer = self._offers[measurement]
        wrong = _wrong_setting(request.settings, offer.settings)
        if wrong is not None:
            return _refusal(request, wrong)
        self._ends = [end_s for end_s in self._ends if end_s > t_s]
        chosen = {name: values[0] for name, values in request.settings.items()}
        self._streams[measurement] = self._stream(measurement, chosen)
        self._streams[measurement].start(t_s)
        return encode_start_reply(measurement, offer.factor, offer.tail)

    def _stream(self, measurement: Measurement, chosen: Mapping[str, Value]) -> SampledStream | BeatStream:
        channel = self._channels[measurement]
        if measurement is Measurement.PPI:
            return BeatStream(channel, self._body)
        return SampledStream(measurement, channel, self._offers[measurement], chosen, self._body)


def _wrong_setting(asked: Mapping[str, tuple[Value, ...]], offered: Mapping[str, tuple[int, ...]]) -> Status | None:
    if set(asked) != set(offered):
        return Status.INVALID_PARAMETER
    for name, values in asked.items():
        if len(values) != 1 or values[0] not in offered[name]:
            return _WRONG.get(name, Status.INVALID_PARAMETER)
    return None


def _refusal(request: PmdRequest, status: Status) -> bytes:
    return encode_reply(PmdReply(request.op, request.type or 0, status))[:4]
