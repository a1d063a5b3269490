"""The device's side of the codec "table": any layout that a device file declares, written by its own encoder."""

from dataclasses import replace

import numpy as np

from breathcore.decode.table import TableCodec
from breathcore.model.arrays import F64
from breathcore.model.blocks import RawBlock
from breathcore.model.device import ChannelSpec, EndpointSpec, Role
from breathcore.model.errors import Reason, SignalError
from breathcore.model.table import FieldSpec, NumberType
from breathcore.source.sim.body import Body
from breathcore.source.sim.services import Sent
from breathcore.source.sim.streams import Stream

_FIRST_DATA_S = 0.1
_UNFELT = {
    Role.RR, Role.HEART_RATE, Role.RESPIRATION_RATE, Role.BREATH_PHASES, Role.BREATH_DEPTH, Role.ACTIVITY, Role.BATTERY,
}  # fmt: skip


class TableService:
    """Sends the rows of one table: by itself, or from the last of its start commands to the first that ends it.

    Channels that no sensor of a virtual wearable feels (a device's own heart rate) are zero. A layout of events only is
    sent as often as the file says. Raises SignalError (INVALID_VALUE) for an endpoint without a table.
    """

    def __init__(self, endpoint: EndpointSpec, body: Body) -> None:
        if endpoint.table is None:
            raise SignalError(Reason.INVALID_VALUE, name="table", value="None", bound="a layout")
        self._table, self._body, self._codec = endpoint.table, body, TableCodec(endpoint)
        self._fields = {(f.channel, f.axis): f for f in endpoint.table.fields}
        felt = tuple(c for c in endpoint.channels if c.role not in _UNFELT)
        interval_s = min((c.expected_interval_s for c in endpoint.channels), default=1.0)
        rate_hz = max((c.rate_hz for c in endpoint.channels), default=0.0) or self._codec.rows_n / interval_s
        self._unfelt = tuple(c for c in endpoint.channels if c.role in _UNFELT)
        self._stream = Stream(body, felt, rate_hz, self._codec.rows_n)

    @property
    def next_s(self) -> float:
        """When the next packet is full."""
        return self._stream.next_s

    def connect(self, t_s: float) -> None:
        """Begin, unless a command has to ask for it."""
        self._stream.stop()
        if not self._table.start_hex:
            self._stream.start(t_s + _FIRST_DATA_S)

    def disconnect(self) -> None:
        """Stop sending."""
        self._stream.stop()

    def send(self) -> Sent:
        """Return the packet that is full."""
        now_s = self.next_s
        blocks = [self._on_wire(b) for b in self._stream.take()]
        zeros = [RawBlock(c, np.zeros((self._codec.rows_n, len(c.axes))), None, now_s) for c in self._unfelt]
        blocks += [self._on_wire(b) for b in zeros]
        packets = self._codec.encode(*blocks)
        for block in blocks:
            self._body.sent(block if block.channel.rate_hz else replace(block, t_device_s=None))
        return packets

    def read(self, name: str, t_s: float) -> bytes | None:
        """Return None: samples are only notified."""
        return None

    def write(self, name: str, payload: bytes, t_s: float) -> Sent:
        """Take a command, which has no answer."""
        if name == self._table.command and self._table.start_hex:
            if payload == bytes.fromhex(self._table.start_hex[-1]):
                self._stream.start(t_s + _FIRST_DATA_S)
            elif payload.hex() in self._table.stop_hex:
                self._stream.stop()
        return ()

    def _on_wire(self, block: RawBlock) -> RawBlock:
        """Return `block` with the values that its fields can carry."""
        channel = block.channel
        columns = [_carried(self._field(channel, axis), block.x[:, k]) for k, axis in enumerate(channel.axes)]
        return replace(block, x=np.stack(columns, axis=1))

    def _field(self, channel: ChannelSpec, axis: str) -> FieldSpec:
        return self._fields[channel.id, axis]


def _carried(field: FieldSpec, values: F64) -> F64:
    counts = (values - field.bias) / field.scale
    if field.type is NumberType.F32:
        counts = counts.astype(np.float32).astype(np.float64)
    elif field.type is not NumberType.F64:
        bits = 8 * field.type.bytes_n
        lowest = 0.0 if field.type.is_unsigned else -(2.0 ** (bits - 1))
        counts = np.rint(counts).clip(lowest, lowest + 2.0**bits - 1)
    return np.asarray(counts * field.scale + field.bias)
