"""The sensor's side of a WitMotion WT901BLE: motion frames by itself, registers on request."""

from breathcore.decode.errors import DecodeError
from breathcore.decode.witmotion import WitmotionCodec, from_wire, to_wire
from breathcore.decode.witmotion_frames import (
    BATTERY,
    RATE,
    RATE_CODES,
    READ,
    UNLOCK,
    UNLOCK_VALUE,
    WitRegister,
    decode_command,
    encode_register,
)
from breathcore.model.blocks import RawBlock
from breathcore.model.device import EndpointSpec
from breathcore.source.sim.body import Body
from breathcore.source.sim.services import Sent
from breathcore.source.sim.streams import Stream, next_of

_FACTORY_HZ = 10.0
_BATTERY_COUNTS = 391  # hundredths of a volt


class WitmotionService:
    """Sends as soon as a host subscribes, at the rate it was last told; it takes a rate only when unlocked."""

    def __init__(self, endpoint: EndpointSpec, body: Body) -> None:
        self._data, self._body = f"{endpoint.id}.data", body
        self._codec = WitmotionCodec(endpoint.id, endpoint.channels)
        self._channels = endpoint.channels
        self._rate_hz = _FACTORY_HZ
        self._stream = Stream(body, endpoint.channels, _FACTORY_HZ)
        self._unlocked = False

    @property
    def next_s(self) -> float:
        """When the next frame is due."""
        return next_of([self._stream])

    def connect(self, t_s: float) -> None:
        """Begin to send."""
        self._unlocked = False
        self._restart(t_s)

    def disconnect(self) -> None:
        """Stop sending; the rate is kept."""
        self._stream.stop()

    def read(self, name: str, t_s: float) -> bytes | None:
        """Return None: registers are read by command."""
        return None

    def write(self, name: str, payload: bytes, t_s: float) -> Sent:
        """Take a command; return the register that it asks for."""
        try:
            register, value = decode_command(payload)
        except DecodeError:
            return ()
        if register == UNLOCK and value == UNLOCK_VALUE:
            self._unlocked = True
        elif register == RATE and self._unlocked:
            self._rate_hz = next((hz for hz, code in RATE_CODES.items() if code == value), self._rate_hz)
            self._restart(t_s)
        elif register == READ:
            counts = (_BATTERY_COUNTS,) if value == BATTERY else ()
            return ((self._data, encode_register(WitRegister(value, counts))),)
        return ()

    def send(self) -> Sent:
        """Return the frame that is due."""
        blocks = [_as_sent(block) for block in self._stream.take()]
        for block in blocks:
            self._body.sent(block)
        return self._codec.encode(*blocks)

    def _restart(self, t_s: float) -> None:
        self._stream = Stream(self._body, self._channels, self._rate_hz)
        self._stream.start(t_s + 1.0 / self._rate_hz)


def _as_sent(block: RawBlock) -> RawBlock:
    """Return `block` rounded to what the wire carries."""
    role = block.channel.role
    return RawBlock(block.channel, from_wire(role, to_wire(role, block.x)), block.t_device_s, block.t_host_s)
