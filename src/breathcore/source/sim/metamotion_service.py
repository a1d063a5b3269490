"""The board's side of an MbientLab MetaMotion with a BMI270: modules that are asked, set up, subscribed and powered."""

import numpy as np

from breathcore.decode.errors import DecodeError
from breathcore.decode.metamotion import (
    PACKED_N,
    Chip,
    Module,
    MotionConfig,
    counts_per_unit,
    decode_config,
    encode_info,
    encode_motion,
    encode_quaternion,
    is_info,
)
from breathcore.model.blocks import RawBlock
from breathcore.model.device import ChannelSpec, EndpointSpec, Role
from breathcore.source.sim.body import Body
from breathcore.source.sim.services import Sent
from breathcore.source.sim.streams import Stream, due, next_of
from breathcore.source.sim.wire import on_wire

_CHIP = Chip.BMI270
_POWER, _ENABLE = 0x01, 0x02
_DATA = {(Module.ACC, 0x05), (Module.GYRO, 0x05), (Module.FUSION, 0x07)}
_MODULES = {Role.CHEST_ACC: Module.ACC, Role.ACC: Module.ACC, Role.GYRO: Module.GYRO, Role.ORIENTATION: Module.FUSION}
_FUSION_RATE_HZ = 100.0


class MetaMotionService:
    """Sends a module's data while it is powered and subscribed to; sensors three samples a frame, the fusion one."""

    def __init__(self, endpoint: EndpointSpec, body: Body) -> None:
        self._notify = f"{endpoint.id}.notify"
        self._body = body
        self._channels: dict[Module, ChannelSpec] = {_MODULES[c.role]: c for c in endpoint.channels}
        self._forget()

    @property
    def next_s(self) -> float:
        """When the next frame is full."""
        return next_of([*self._streams.values()])

    def connect(self, t_s: float) -> None:
        """Begin with everything switched off."""
        self._forget()

    def disconnect(self) -> None:
        """Switch everything off."""
        self._forget()

    def send(self) -> Sent:
        """Return the frame that is full now."""
        stream = due([*self._streams.values()])
        module = next(m for m, s in self._streams.items() if s is stream)
        (block,) = stream.take()
        if module is Module.FUSION:
            return self._sent_quaternion(block)
        per_unit = counts_per_unit(module, self._configs[module].range)
        block = on_wire(block, per_unit)
        self._body.sent(block)
        counts = np.rint(block.x * per_unit).astype(np.int64)
        return tuple((self._notify, frame) for frame in encode_motion(module, counts, _CHIP))

    def _sent_quaternion(self, block: RawBlock) -> Sent:
        rows = block.x.astype(np.float32).astype(np.float64)
        self._body.sent(RawBlock(block.channel, rows, block.t_device_s, block.t_host_s))
        return tuple((self._notify, encode_quaternion(row)) for row in rows.tolist())

    def read(self, name: str, t_s: float) -> bytes | None:
        """Return None: everything is asked by command."""
        return None

    def write(self, name: str, payload: bytes, t_s: float) -> Sent:
        """Take a command; only the question what a module is has an answer."""
        if name != "command" or len(payload) < 2:
            return ()
        if is_info(payload):
            return ((self._notify, encode_info(Module(payload[0]), _CHIP)),)
        try:
            config = decode_config(payload)
        except DecodeError:
            self._switch(payload, t_s)
        else:
            self._configs[Module(payload[0])] = config
        return ()

    def _forget(self) -> None:
        self._streams: dict[Module, Stream] = {}
        self._on: set[tuple[int, int]] = set()  # (module, register) that are switched on
        self._configs = {Module.ACC: MotionConfig(100.0, 2), Module.GYRO: MotionConfig(100.0, 2000)}

    def _switch(self, payload: bytes, t_s: float) -> None:
        """Switch a register on or off, and start or stop the module's data when that changes something."""
        key = payload[0], payload[1]
        (self._on.add if any(payload[2:3]) else self._on.discard)(key)
        for module, register in _DATA:
            running = {(module, register), (module, _POWER)} <= self._on and module in self._channels
            running = running and (module is Module.FUSION or (module, _ENABLE) in self._on)
            if running and module not in self._streams:
                self._streams[module] = self._stream(module, t_s)
            elif not running:
                self._streams.pop(module, None)

    def _stream(self, module: Module, t_s: float) -> Stream:
        fused = module is Module.FUSION
        rate_hz = _FUSION_RATE_HZ if fused else self._configs[module].rate_hz
        stream = Stream(self._body, (self._channels[module],), rate_hz, 1 if fused else PACKED_N)
        stream.start(t_s + 1.0 / rate_hz)
        return stream
