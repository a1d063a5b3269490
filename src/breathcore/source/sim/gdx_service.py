"""The belt's side of a Vernier Go Direct respiration belt: replies, force, and the breathing rate it finds itself."""

import math

import numpy as np

from breathcore.decode.battery import decode_level
from breathcore.decode.errors import DecodeError
from breathcore.decode.gdx import ORDER_CODE, ROWS_N
from breathcore.decode.gdx_frames import (
    Command,
    GdxCommand,
    GdxFrames,
    GdxReply,
    decode_command,
    encode_measurement,
    encode_reply,
)
from breathcore.decode.gdx_payloads import (
    INIT_ANSWER,
    GdxChannel,
    GdxDevice,
    GdxStatus,
    decode_period,
    decode_start,
    encode_channel,
    encode_device,
    encode_mask,
    encode_status,
)
from breathcore.model.arrays import F64
from breathcore.model.blocks import RawBlock
from breathcore.model.device import ChannelSpec, EndpointSpec, Role
from breathcore.source.sim.body import Body
from breathcore.source.sim.services import BatteryService, Sent
from breathcore.source.sim.streams import Stream, next_of

_PART_BYTES = 20
_TYPICAL_US = 100_000
_FORCE, _RATE = 1, 2
_CHANNELS = {
    _FORCE: GdxChannel(_FORCE, 42, "Force", "N", 0.0, 50.0, 0.01),
    _RATE: GdxChannel(_RATE, 43, "Respiration Rate", "bpm", 0.0, 100.0, 1.0, typ_period_us=1_000_000),
    4: GdxChannel(4, 44, "Steps", "", 0.0, 1e6),
    5: GdxChannel(5, 45, "Step Rate", "spm", 0.0, 300.0),
}
_DEVICE = GdxDevice(ORDER_CODE, "0B000001", f"{ORDER_CODE} 0B000001", 2024, 1, 2, 2, 7, 11, 8192, "Respiration Belt")
_RATE_OVER_S = 30.0  # of breathing behind the rate
_RATE_EVERY_S = 10.0  # it is looked at anew


class GdxService:
    """Answers as a belt does and sends two samples a packet, cut into notifications of at most 20 bytes.

    Every frame, replies and measurements alike, takes the next number. The rate is NaN until two breaths are known.
    """

    def __init__(self, endpoint: EndpointSpec, body: Body) -> None:
        self._response = f"{endpoint.id}.response"
        self._body = body
        by_role = {c.role: c for c in endpoint.channels}
        self._belt = by_role.get(Role.BELT) or by_role.get(Role.ABDOMEN_BELT)
        self._rate = by_role.get(Role.RESPIRATION_RATE)
        self._battery = BatteryService(endpoint, body)
        self._frames = GdxFrames()
        self._counter = 0
        self._period_us = _TYPICAL_US
        self._numbers: tuple[int, ...] = ()
        self._stream: Stream | None = None
        self._rate_bpm, self._rate_at_s = math.nan, -math.inf

    @property
    def next_s(self) -> float:
        """When the next packet is full."""
        return next_of([self._stream] if self._stream else [])

    def connect(self, t_s: float) -> None:
        """Begin anew, silent."""
        self._frames, self._counter, self._stream = GdxFrames(), 0, None

    def disconnect(self) -> None:
        """Stop measuring."""
        self._stream = None

    def read(self, name: str, t_s: float) -> bytes | None:
        """Return None: nothing here can be read."""
        return None

    def write(self, name: str, payload: bytes, t_s: float) -> Sent:
        """Take a part of a request; return the reply to what it completes. What is damaged is left unanswered."""
        replies: list[tuple[str, bytes]] = []
        for frame in self._frames.take(payload)[0] if name == "command" else ():
            try:
                request = decode_command(frame)
                answer = self._answer(request, t_s)
            except DecodeError:
                continue
            reply = GdxReply(request.command, self._next_counter(), request.counter, answer)
            replies += self._parts(encode_reply(reply))
        return tuple(replies)

    def send(self) -> Sent:
        """Return the packet that is full."""
        if self._stream is None:
            return ()
        (block,) = self._stream.take()
        force = block.x[:, 0].astype("<f4").astype(np.float64)
        values = {_FORCE: force} if _FORCE in self._numbers else {}
        if block.channel is self._belt and values:
            self._body.sent(RawBlock(block.channel, force[:, None], block.t_device_s, block.t_host_s))
        if _RATE in self._numbers:
            values[_RATE] = self._rates(block.t_host_s)
        return self._parts(encode_measurement(self._next_counter(), values))

    def _answer(self, request: GdxCommand, t_s: float) -> bytes:
        match request.command:
            case Command.INIT:
                return INIT_ANSWER
            case Command.STATUS:
                return encode_status(GdxStatus(2, 7, 11, self._percent(t_s), 0))
            case Command.DEVICE_INFO:
                return encode_device(_DEVICE)
            case Command.AVAILABLE:
                return encode_mask(tuple(_CHANNELS))
            case Command.DEFAULT:
                return encode_mask((_FORCE,))
            case Command.CHANNEL_INFO:
                channel = _CHANNELS.get(request.payload[0]) if request.payload else None
                return encode_channel(channel) if channel else b""
            case Command.PERIOD:
                self._period_us = max(decode_period(request.payload), _CHANNELS[_FORCE].min_period_us)
            case Command.START:
                self._start(tuple(n for n in decode_start(request.payload) if n in (_FORCE, _RATE)), t_s)
            case Command.STOP:
                self._stream = None
        return b"\0"

    def _start(self, numbers: tuple[int, ...], t_s: float) -> None:
        self._numbers = numbers
        belt = self._belt or ChannelSpec("force", Role.BELT, "N", ("force",), 1e6 / self._period_us)
        self._stream = Stream(self._body, (belt,), 1e6 / self._period_us, ROWS_N) if numbers else None
        if self._stream:
            self._stream.start(t_s + self._period_us * 1e-6)

    def _rates(self, t_s: float) -> F64:
        """Return the rate of the last half minute, the same for every sample of a packet."""
        if t_s >= self._rate_at_s + _RATE_EVERY_S:
            self._rate_at_s = t_s
            breaths = self._body.sensors.breaths(t_s - _RATE_OVER_S, t_s)
            lengths = [b.end_s - b.inhale_onset_s for b in breaths]
            self._rate_bpm = float(np.float32(60.0 / np.mean(lengths))) if len(lengths) > 1 else math.nan
        values = np.full(ROWS_N, self._rate_bpm)
        if self._rate is not None and math.isfinite(self._rate_bpm):
            self._body.sent(RawBlock(self._rate, values[:, None], None, t_s))
        return values

    def _percent(self, t_s: float) -> int:
        """Return the charge that the battery service tells as well."""
        return decode_level(self._battery.read("level", t_s) or b"\0")

    def _next_counter(self) -> int:
        counter = self._counter
        self._counter = (counter + 1) & 0xFF
        return counter

    def _parts(self, frame: bytes) -> Sent:
        return tuple((self._response, frame[i : i + _PART_BYTES]) for i in range(0, len(frame), _PART_BYTES))
