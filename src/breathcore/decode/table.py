"""Codec "table": packets whose layout a device file declares (`breathcore.model.table`), without code.

One packet is a row of numbers or several; each channel takes its axes from the rows' fields. A stamp in the head gives
the samples their device time: the stamped row has it, the others lie 1/rate apart or, where the packet before is not
missing, evenly between the stamps. A counter tells what is missing. Duplicated and late packets are refused by either.

Simulator: `TableCodec.encode`.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from breathcore.decode.errors import DecodeError
from breathcore.decode.table_numbers import Rows, read_field, row_dtype, write_field
from breathcore.decode.table_order import Counted, Rising
from breathcore.decode.table_packet import TablePacket, decode_packet, encode_packet
from breathcore.model.arrays import F64
from breathcore.model.blocks import FaultReason, RawBlock, Received
from breathcore.model.device import ChannelSpec, EndpointSpec
from breathcore.model.errors import Reason, SignalError
from breathcore.model.packets import Direction, Packet, Request, Write
from breathcore.model.protocols import StreamPlan
from breathcore.model.table import CounterKind, TableSpec

_ATTRIBUTE_BYTES = 512  # the longest value that Bluetooth LE carries
_LOST_ROWS, _LOST_SHARE = 1.5, 0.05  # stamps this much too far apart: packets are missing
_EVEN = (0.5, 1.5)  # of the nominal interval: beyond it the stamps jitter too much to divide them


class TableCodec:
    """Reads and writes the packets of one table.

    Blocks of sampled channels have device times where the layout has a stamp, None else; events have none. `lost_n`
    comes from the counter, or else from the stamps; where there is neither it counts the rows of refused packets. A row
    with a NaN or an infinity is left out and counted.

    Raises SignalError (INVALID_VALUE) for an endpoint without a table.
    """

    def __init__(self, endpoint: EndpointSpec) -> None:
        if endpoint.table is None:
            raise SignalError(Reason.INVALID_VALUE, name="table", value="None", bound="a layout")
        self._id, self._spec = endpoint.id, endpoint.table
        self._data = f"{endpoint.id}.{endpoint.table.data}"
        self._channels = endpoint.channels
        self._rate_hz = max((c.rate_hz for c in endpoint.channels), default=0.0)
        self._interval_s = min((c.expected_interval_s for c in endpoint.channels), default=1.0)
        self._columns = {c.id: _columns(endpoint.table, c) for c in endpoint.channels}
        counter, stamp = endpoint.table.counter, endpoint.table.stamp
        self._by_samples = counter is not None and counter.counts is CounterKind.SAMPLES
        self._of_last = stamp is not None and stamp.of_last
        self._stamp_s = stamp.scale_s if stamp else 0.0
        self._stamp, self._counter = self._rising_stamp(), self._rising_counter()
        self._lost = dict.fromkeys(self._columns, 0)
        self._last_rows_n = max(endpoint.table.rows_n, 1)  # of the packet before
        self._sent_rows_n = self._sent_packets_n = 0

    @property
    def rows_n(self) -> int:
        """How many rows a packet that is sent holds."""
        if self._spec.rows_n:
            return self._spec.rows_n
        most = (_ATTRIBUTE_BYTES - self._spec.head_bytes - self._spec.tail_bytes) // self._spec.row_bytes
        return max(1, min(round(self._interval_s * self._rate_hz), most))

    def start(self, want: StreamPlan) -> tuple[Request, ...]:
        """Keep to the wanted channels and return the commands that begin the stream, if there are any."""
        self._channels = want.channels
        return self._commands(self._spec.start_hex)

    def stop(self) -> tuple[Request, ...]:
        """Return the commands that end the stream."""
        return self._commands(self._spec.stop_hex)

    def receive(self, packet: Packet) -> Received:
        """Take one packet."""
        if packet.endpoint != self._data or packet.direction is Direction.WRITE:
            return Received()
        t_host_s = packet.t_host_ns * 1e-9
        try:
            found = decode_packet(self._spec, packet.payload)
            t_s = self._placed(found, t_host_s)
        except DecodeError as error:
            if self._stamp is None and self._counter is None:
                self._lose(self._last_rows_n)
            return Received(faults=(error.at(packet.endpoint),))
        return Received(tuple(b for c in self._channels for b in self._blocks(c, found.rows, t_s, t_host_s)))

    def encode(self, *blocks: RawBlock) -> tuple[tuple[str, bytes], ...]:
        """Return the packets of `blocks`, each of another channel and all of the same rows; others are zero there.

        Stamps come from the first block with device times, else from the arrival. The counter goes on from call to
        call, over the block's `lost_n`. Without a number of rows in the layout a packet holds what the channels'
        `expected_interval_s` makes.

        Raises SignalError (INVALID_VALUE) for blocks of unequal length or rows that do not fill whole packets.
        """
        rows = self._filled(blocks)
        arrivals_s = blocks[0].t_host_s + self._stamp_s * np.arange(len(rows), dtype=np.float64)
        t_s = next((b.t_device_s for b in blocks if b.t_device_s is not None), arrivals_s)
        size = self.rows_n
        lost_n = max(b.lost_n for b in blocks)
        self._sent_rows_n += lost_n
        self._sent_packets_n += -(-lost_n // size)
        return tuple(
            (self._data, self._encoded(rows[k : k + size], t_s[k : k + size])) for k in range(0, len(rows), size)
        )

    def _commands(self, commands: Sequence[str]) -> tuple[Request, ...]:
        return tuple(Write(f"{self._id}.{self._spec.command}", bytes.fromhex(c)) for c in commands)

    def _rising_stamp(self) -> Rising | None:
        stamp = self._spec.stamp
        return (
            Rising(1 << 8 * stamp.type.bytes_n, stamp.scale_s, stamp.offset, FaultReason.OUT_OF_RANGE)
            if stamp
            else None
        )

    def _rising_counter(self) -> Rising | None:
        counter = self._spec.counter
        if counter is None:
            return None
        unit_s = self._interval_s
        if self._rate_hz and self._by_samples:
            unit_s = 1.0 / self._rate_hz
        elif self._rate_hz and self._spec.rows_n:
            unit_s = self._spec.rows_n / self._rate_hz
        return Rising(1 << 8 * counter.type.bytes_n, unit_s, counter.offset, FaultReason.BAD_COUNTER)

    def _placed(self, packet: TablePacket, t_host_s: float) -> F64 | None:
        """Note the packet and what is lost before it; return its rows' device times, None without a stamp.

        Raises DecodeError where counter or stamp cannot follow those before; nothing is noted then.
        """
        least = self._last_rows_n if self._by_samples else 1
        counted = self._counter.check(packet.counter, t_host_s, least) if self._counter else None
        stamped = self._stamp.check(packet.stamp, t_host_s) if self._stamp else None
        n = len(packet.rows)
        lost_n = self._missing(n, counted, stamped)
        self._lose(lost_n)
        if self._counter and counted:
            self._counter.accept(counted, t_host_s)
        t_s = None
        if self._stamp and stamped:
            t_s = self._times(n, stamped, whole=lost_n == 0)
            self._stamp.accept(stamped, t_host_s)
        self._last_rows_n = n
        return t_s

    def _missing(self, n: int, counted: Counted | None, stamped: Counted | None) -> int:
        """Return how many rows are missing before a packet of `n`."""
        known = counted or stamped
        if known is None:
            return 0
        if known.step is None:
            return self._anew_n(self._counter or self._stamp)
        if counted is not None:
            return known.step - self._last_rows_n if self._by_samples else (known.step - 1) * (self._spec.rows_n or n)
        between = n if self._of_last else self._last_rows_n
        ahead = known.step * self._stamp_s * self._rate_hz - between
        return round(ahead) if ahead > max(_LOST_ROWS, _LOST_SHARE * between) else 0

    def _anew_n(self, number: Rising | None) -> int:
        """Return what is missing where a count begins: the refused packet, if the device has started anew."""
        return self._last_rows_n if number is not None and number.last is not None else 0

    def _times(self, n: int, stamped: Counted, *, whole: bool) -> F64:
        step_s = 1.0 / self._rate_hz if self._rate_hz else 0.0
        if whole and stamped.step is not None and step_s:
            even_s = stamped.step * self._stamp_s / (n if self._of_last else self._last_rows_n)
            if _EVEN[0] * step_s <= even_s <= _EVEN[1] * step_s:
                step_s = even_s
        return np.asarray(stamped.value * self._stamp_s + step_s * (np.arange(n) - (n - 1 if self._of_last else 0)))

    def _lose(self, n: int) -> None:
        for id_ in self._lost:
            self._lost[id_] += n

    def _blocks(self, channel: ChannelSpec, rows: Rows, t_s: F64 | None, t_host_s: float) -> Iterator[RawBlock]:
        """Yield the channel's rows, cut where one holds no number."""
        x = np.stack([read_field(rows, k, self._spec.fields[k]) for k in self._columns[channel.id]], axis=1)
        times = t_s if channel.rate_hz > 0 else None
        at = 0
        for first, end in _runs(np.logical_and.reduce(np.isfinite(x), axis=1)):
            lost_n = self._lost[channel.id] + first - at
            self._lost[channel.id], at = 0, end
            yield RawBlock(channel, x[first:end], None if times is None else times[first:end], t_host_s, lost_n)
        self._lost[channel.id] += len(x) - at

    def _filled(self, blocks: Sequence[RawBlock]) -> Rows:
        n = len(blocks[0].x)
        if any(len(b.x) != n for b in blocks) or n % max(self._spec.rows_n, 1):
            lengths = ", ".join(str(len(b.x)) for b in blocks)
            bound = f"the same for each channel, a multiple of {max(self._spec.rows_n, 1)}"
            raise SignalError(Reason.INVALID_VALUE, name="rows", value=lengths, bound=bound)
        rows = np.zeros(n, row_dtype(self._spec.row_bytes, self._spec.fields))
        for block in blocks:
            for column, k in enumerate(self._columns[block.channel.id]):
                write_field(rows, k, self._spec.fields[k], block.x[:, column])
        return rows

    def _encoded(self, rows: Rows, t_s: F64) -> bytes:
        stamp = round(float(t_s[-1 if self._of_last else 0]) / self._stamp_s) if self._stamp_s else 0
        counter = self._sent_rows_n if self._by_samples else self._sent_packets_n
        self._sent_rows_n += len(rows)
        self._sent_packets_n += 1
        return encode_packet(self._spec, TablePacket(stamp, counter, rows))


def _columns(table: TableSpec, channel: ChannelSpec) -> tuple[int, ...]:
    """Return which fields hold the channel's axes, in their order."""
    at = {(f.channel, f.axis): k for k, f in enumerate(table.fields)}
    return tuple(at[channel.id, axis] for axis in channel.axes)


def _runs(good: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Yield (first, end) of each run of True."""
    if good.all():
        yield 0, len(good)
        return
    edges = np.flatnonzero(np.diff(np.concatenate([[False], good, [False]]).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
