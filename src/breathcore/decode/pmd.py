"""Codec "polar_pmd": the whole conversation with a Polar strap's measurement data service.

``<id>.control`` carries requests and replies, ``<id>.data`` the frames; the source subscribes to both before it
calls `start`. What the device can measure is read first; a wanted stream that it lacks is told and left out. For each
other one, one after the other (a device takes one request at a time): get the settings, choose, start, read the
reply's factor. A stream that already runs (status 06) is stopped and started again, so that its settings are ours; if
it still insists, it is taken as it is. After a reply that cannot be read, the file's own settings are asked for, or the
stream is started anew once the others run. A stream that the device ends by itself is started again. All this at most
three times a stream in a connection.

A channel's role names its stream; where it leaves several, the channel's setting ``measurement`` is the type's number
(skin temperature is 7, that of the surroundings 12).

Everything it knows it learns from packets, its own recorded writes among them, so a replay rebuilds the same state
whatever becomes of the requests it makes.

Simulator: `breathcore.decode.pmd_control` for the strap's side of the conversation, `pmd_frames.encode_frame` for
its data; `encode` for a block of any channel.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from breathcore.decode.errors import DecodeError
from breathcore.decode.pmd_control import (
    Measurement,
    Op,
    PmdReply,
    PmdStopped,
    Status,
    decode_factor,
    decode_features,
    decode_reply,
    decode_request,
    decode_settings,
    encode_request,
    encode_start_reply,
)
from breathcore.decode.pmd_encode import encode_block, needs_factor
from breathcore.decode.pmd_ppi import PpiStream
from breathcore.decode.pmd_stream import PmdStream, with_rate
from breathcore.model.blocks import Fault, FaultReason, RawBlock, Received
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.errors import CatalogError, Reason
from breathcore.model.packets import Direction, Packet, Read, Request, Write
from breathcore.model.protocols import StreamPlan

TYPES: Mapping[Role, tuple[Measurement, ...]] = MappingProxyType(
    {
        Role.ECG: (Measurement.ECG,),
        Role.CHEST_ACC: (Measurement.ACC,),
        Role.ACC: (Measurement.ACC,),
        Role.GYRO: (Measurement.GYRO,),
        Role.MAG: (Measurement.MAG,),
        Role.PPG: (Measurement.PPG,),
        Role.RR: (Measurement.PPI,),
        Role.TEMPERATURE: (Measurement.TEMPERATURE, Measurement.SKIN_TEMP),
        Role.PRESSURE: (Measurement.PRESSURE,),
    }
)
"""The streams that a channel of each role may be; the first one where its settings do not say."""

_MEASUREMENT = "measurement"  # the setting of a channel, never sent
_RESTARTS = 3
_TYPE_MASK = 0x3F
_PARAMS_BYTES = 4096  # of all parts of a reply: far more than any list of settings has


class PmdCodec:
    """The streams of one Polar device, with device time (see the module)."""

    def __init__(self, endpoint: str, channels: Sequence[ChannelSpec]) -> None:
        self._control, self._data = f"{endpoint}.control", f"{endpoint}.data"
        self._ending = False
        self._todo: list[tuple[Op, Measurement]] = []
        self._begin(channels)

    def start(self, want: StreamPlan) -> tuple[Request, ...]:
        """Ask what there is, and for the settings of the first wanted channel; the rest follows the replies."""
        self._begin(want.channels)
        self._todo = [(Op.SETTINGS, stream.type) for stream in self._streams.values()]
        return (Read(self._control), *self._next()) if self._todo else ()

    def stop(self) -> tuple[Request, ...]:
        """Stop every stream (an H10 left running empties its battery); no further request is made after it."""
        self._ending = True
        there = [stream for stream in self._streams.values() if not stream.missing]
        return tuple(self._write(encode_request(Op.STOP, stream.type)) for stream in there)

    def receive(self, packet: Packet) -> Received:
        """Take a frame, a reply, the feature value or one of our own writes."""
        try:
            if packet.endpoint == self._data:
                return Received(self._stream_of(packet.payload).blocks(packet.payload, packet.t_host_ns * 1e-9))
            if packet.endpoint == self._control:
                return self._conversation(packet)
        except DecodeError as error:
            return Received(faults=(error.at(packet.endpoint),))
        return Received()

    def encode(self, *blocks: RawBlock) -> tuple[tuple[str, bytes], ...]:
        """Return frames that fit an H10's packets, each block's start reply before them where they need a factor.

        Raises SignalError for samples without stamps.
        """
        return tuple(packet for block in blocks for packet in self._encoded(block))

    def _encoded(self, block: RawBlock) -> tuple[tuple[str, bytes], ...]:
        type_ = type_of(block.channel)
        frames = encode_block(type_, block)
        told = any(needs_factor(frame) for frame in frames)
        replies = ((self._control, encode_start_reply(type_, 1.0)),) if told else ()
        return (*replies, *((self._data, frame) for frame in frames))

    def _begin(self, channels: Sequence[ChannelSpec]) -> None:
        self._streams: dict[int, PmdStream] = {type_of(c): _stream(c) for c in channels}
        self._todo = []
        self._asked: tuple[Op, Measurement] | None = None
        self._parts: dict[tuple[int, int], bytes] = {}

    def _stream_of(self, payload: bytes) -> PmdStream:
        if not payload:
            raise DecodeError(FaultReason.TRUNCATED)
        stream = self._streams.get(payload[0] & _TYPE_MASK)
        if stream is None:
            raise DecodeError(FaultReason.UNEXPECTED, 0, f"no channel for type {payload[0] & _TYPE_MASK}")
        return stream

    def _write(self, payload: bytes) -> Write:
        return Write(self._control, payload)

    def _next(self) -> tuple[Request, ...]:
        """Make the next request the pending one."""
        self._asked = self._todo.pop(0) if self._todo else None
        if self._asked is None:
            return ()
        op, type_ = self._asked
        stream = self._streams[type_]
        if op is not Op.START:
            return (self._write(encode_request(op, type_)),)
        stream.channel = with_rate(stream.channel, stream.chosen)
        return (self._write(encode_request(op, type_, stream.chosen)),)

    def _conversation(self, packet: Packet) -> Received:
        if packet.direction is Direction.WRITE:
            self._wrote(packet.payload)
            return Received()
        if packet.direction is Direction.READ:
            return Received(faults=self._lacking(decode_features(packet.payload)))
        faults = self._heard(packet.payload)
        requests = self._next() if self._asked is None else ()
        return Received(requests=() if self._ending else requests, faults=faults)

    def _lacking(self, offered: Sequence[Measurement]) -> tuple[Fault, ...]:
        """Leave out the streams that the device does not have, and tell of each once."""
        lacking = [s for s in self._streams.values() if s.type not in offered and not s.missing]
        for stream in lacking:
            stream.missing = True
        self._todo = [(op, type_) for op, type_ in self._todo if not self._streams[type_].missing]
        return tuple(self._fault(FaultReason.REFUSED, f"{s.name}: not offered by the device") for s in lacking)

    def _heard(self, payload: bytes) -> tuple[Fault, ...]:
        """Take an indication; one that cannot be read ends the waiting for what was asked."""
        try:
            reply = decode_reply(payload)
        except DecodeError as error:
            asked, self._asked = self._asked, None
            if asked is not None and not self._streams[asked[1]].missing:
                self._unanswered(*asked)
            return (error.at(self._control),)
        return self._stopped(reply) if isinstance(reply, PmdStopped) else self._replied(reply)

    def _unanswered(self, op: Op, type_: Measurement) -> None:
        """Go on without the answer: with the file's own settings, or by a new start, since frames need its factor."""
        if op is Op.SETTINGS:
            self._todo.insert(0, (Op.START, type_))
        if op is Op.START:
            self._again(self._streams[type_], Op.STOP, Op.START)

    def _wrote(self, payload: bytes) -> None:
        """Learn from a request that was really made (an older recording may have asked for something else)."""
        request = decode_request(payload)
        stream = None if request.type is None else self._streams.get(request.type)
        if stream is None:
            return
        if request.op == Op.STOP:
            stream.stopping = True
        if request.op == Op.START:
            stream.channel = with_rate(stream.channel, {k: v[0] for k, v in request.settings.items() if v})

    def _stopped(self, stopped: PmdStopped) -> tuple[Fault, ...]:
        """Take note of streams that the strap ended by itself, and have them started again."""
        faults: list[Fault] = []
        for stream in self._streams.values():
            if stream.stopping or (stopped.types and stream.type not in stopped.types):
                continue
            faults.append(self._fault(FaultReason.UNEXPECTED, f"{stream.name} stopped by the strap"))
            self._again(stream, Op.START)
        return tuple(faults)

    def _again(self, stream: PmdStream, *ops: Op) -> None:
        if stream.restarts_n < _RESTARTS:
            stream.restarts_n += 1
            self._todo += [(op, stream.type) for op in ops]

    def _replied(self, reply: PmdReply) -> tuple[Fault, ...]:
        key = reply.op, reply.type
        params = self._parts.pop(key, b"") + reply.params
        if len(params) > _PARAMS_BYTES:
            return (self._fault(FaultReason.BAD_LENGTH, f"reply to {reply.op:02x} {reply.type:02x} never ends"),)
        if reply.more:
            self._parts = {key: params}  # a device gives one answer at a time
            return ()
        stream = self._streams.get(reply.type)
        asked = key == self._asked
        if asked:
            self._asked = None
        if stream is None or (reply.op == Op.SETTINGS and not asked):
            return (self._fault(FaultReason.UNEXPECTED, f"reply to {reply.op:02x} {reply.type:02x}"),)
        if reply.status == Status.OK:
            stream.missing = False
            return self._accepted(stream, reply.op, params)
        return self._refused(stream, reply)

    def _accepted(self, stream: PmdStream, op: int, params: bytes) -> tuple[Fault, ...]:
        try:
            if op == Op.SETTINGS:
                self._todo.insert(0, (Op.START, stream.type))
                stream.choose(decode_settings(params, 5))
            elif op == Op.START:
                stream.stopping = False
                stream.factor = decode_factor(params)
        except DecodeError as error:  # the file's own settings are asked for
            if op == Op.START:
                self._unanswered(Op.START, stream.type)
            return (error.at(self._control),)
        return ()

    def _refused(self, stream: PmdStream, reply: PmdReply) -> tuple[Fault, ...]:
        if stream.missing:
            return ()
        if reply.status == Status.ALREADY_IN_STATE:
            if reply.op == Op.START:
                self._again(stream, Op.STOP, Op.START)
            return ()
        op = Op(reply.op).name.lower() if reply.op in (Op.SETTINGS, Op.START, Op.STOP) else str(reply.op)
        return (self._fault(FaultReason.REFUSED, f"{stream.name} {op}: {reply.status_name}"),)

    def _fault(self, reason: FaultReason, detail: str) -> Fault:
        return Fault(reason, self._control, 0, detail)


def type_of(channel: ChannelSpec) -> Measurement:
    """Return the stream that a channel is. Raises CatalogError (INVALID_VALUE): none has its role or `measurement`."""
    types = TYPES.get(channel.role)
    if types is None:
        known = ", ".join(TYPES)
        raise CatalogError(Reason.INVALID_VALUE, name="role", value=channel.role.value, bound=known)
    number = channel.settings.get(_MEASUREMENT, types[0])
    if number not in types:
        known = ", ".join(str(t.value) for t in types)
        raise CatalogError(Reason.INVALID_VALUE, name=_MEASUREMENT, value=str(number), bound=known)
    return Measurement(number)


def _stream(channel: ChannelSpec) -> PmdStream:
    type_ = type_of(channel)
    settings = {name: value for name, value in channel.settings.items() if name != _MEASUREMENT}
    return (PpiStream if type_ is Measurement.PPI else PmdStream)(type_, channel, settings)
