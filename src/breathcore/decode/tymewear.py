"""Codec "tymewear": breath summaries of a Tymewear VitalPro, as others found them out (provisional).

``<id>.data`` notifies; byte 0 is the type. 01 is a breath (17 bytes): u32 ticks of 40 ms, u16 lengths of breath in and
out in 1/100 s, u16 depth without a unit, six bytes that nobody has read. 02 (13 bytes) and 06 (17 bytes) are known by
their length only and left alone.

Rate: from the ticks of this breath and the last; where they do not agree with the breath's own length (a breath was
lost, or is the first), from that length.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from breathcore.decode.errors import DecodeError
from breathcore.decode.listening import ListeningCodec
from breathcore.model.blocks import FaultReason, RawBlock
from breathcore.model.device import ChannelSpec, Role

TICK_S = 0.04
CS_PER_S = 100.0

_BREATH = 0x01
_LENGTHS = {_BREATH: 17, 0x02: 13, 0x06: 17}
_FIELDS = struct.Struct("<xIHHH")
_TAIL = bytes(6)
_LATE_S = 30.0  # stamps and arrivals agree within this: a packet is held up for no longer
_UNLIKE = 0.5  # ticks that differ by more than this share from the breath's length are not of one breath


@dataclass(frozen=True, slots=True)
class TymeBreath:
    """One breath in the device's own integers."""

    ticks: int
    inhale_cs: int
    exhale_cs: int
    depth: int

    @property
    def own_rate_bpm(self) -> float:
        """Breaths a minute by the breath's own length; NaN for a breath without one."""
        length_cs = self.inhale_cs + self.exhale_cs
        return 60.0 * CS_PER_S / length_cs if length_cs else float("nan")


def decode_breath(payload: bytes) -> TymeBreath | None:
    """Return the breath, None for a packet of another known type.

    Raises DecodeError: TRUNCATED, BAD_HEADER for an unknown type, BAD_LENGTH.
    """
    if not payload:
        raise DecodeError(FaultReason.TRUNCATED)
    length = _LENGTHS.get(payload[0])
    if length is None:
        raise DecodeError(FaultReason.BAD_HEADER, 0, f"{payload[0]:02x}")
    if len(payload) != length:
        short = len(payload) < length
        raise DecodeError(FaultReason.TRUNCATED if short else FaultReason.BAD_LENGTH, min(length, len(payload)))
    return TymeBreath(*_FIELDS.unpack_from(payload)) if payload[0] == _BREATH else None


def encode_breath(breath: TymeBreath) -> bytes:
    """Return the packet; the bytes that nobody has read are 0. Raises struct.error where a number does not fit."""
    head = _FIELDS.pack(breath.ticks, breath.inhale_cs, breath.exhale_cs, breath.depth)
    return bytes([_BREATH]) + head[1:] + _TAIL


class TymewearCodec(ListeningCodec):
    """Channels respiration_rate, breath_phases (rows: in, out, s) and breath_depth, stamped with the device's ticks.

    A breath whose stamp does not follow the last one (not later, or far from what has passed at the host) is refused
    and remembered: when the next one follows it instead, the device's clock was set, and things go on from there.
    """

    characteristic = "data"

    def __init__(self, endpoint: str, channels: Sequence[ChannelSpec]) -> None:
        super().__init__(endpoint, channels)
        self._last: tuple[int, float] | None = None  # ticks, arrival
        self._refused: tuple[int, float] | None = None

    def encode(self, *blocks: RawBlock) -> tuple[tuple[str, bytes], ...]:
        """Return one packet a row. A rate has no field: alone, it makes a breath of its length, half of it in."""
        given = {b.channel.role: b for b in blocks}
        rows_n = max((len(b.x) for b in blocks), default=0)
        return tuple((self._source, encode_breath(_row(given, i))) for i in range(rows_n))

    def decoded(self, payload: bytes, t_host_s: float) -> tuple[RawBlock, ...]:
        """Return a breath's numbers, nothing for packets of other types. Raises DecodeError."""
        breath = decode_breath(payload)
        if breath is None:
            return ()
        if not breath.inhale_cs + breath.exhale_cs:
            raise DecodeError(FaultReason.OUT_OF_RANGE, 5, "a breath of 0 s")
        rate_bpm = self._rate_bpm(breath, t_host_s)
        values: dict[Role, tuple[float, ...]] = {
            Role.RESPIRATION_RATE: (rate_bpm,),
            Role.BREATH_PHASES: (breath.inhale_cs / CS_PER_S, breath.exhale_cs / CS_PER_S),
            Role.BREATH_DEPTH: (float(breath.depth),),
        }
        stamp_s = np.array([breath.ticks * TICK_S])
        wanted = [(c, values[c.role]) for c in self._channels if c.role in values]
        return tuple(RawBlock(channel, np.array([x]), stamp_s, t_host_s) for channel, x in wanted)

    def _rate_bpm(self, breath: TymeBreath, t_host_s: float) -> float:
        """Return the rate and move the clock on. Raises DecodeError (NOT_RISING) for a stamp that does not follow."""
        now, last, refused = (breath.ticks, t_host_s), self._last, self._refused
        self._refused = None
        if last is not None and not _follows(last, now):
            if refused is None or not _follows(refused, now):
                self._refused = now if now[0] != last[0] else refused
                raise DecodeError(FaultReason.NOT_RISING, 1, f"{now[0]} after {last[0]} ticks")
            last = refused
        self._last = now
        own_bpm = breath.own_rate_bpm
        if last is None:
            return own_bpm
        between_bpm = 60.0 / ((now[0] - last[0]) * TICK_S)
        return between_bpm if abs(between_bpm / own_bpm - 1.0) <= _UNLIKE else own_bpm


def _follows(before: tuple[int, float], now: tuple[int, float]) -> bool:
    """Return whether a stamp is later than the one before, by about as much as has passed."""
    ticks = now[0] - before[0]
    return ticks > 0 and abs(ticks * TICK_S - (now[1] - before[1])) <= _LATE_S


def _row(given: dict[Role, RawBlock], i: int) -> TymeBreath:
    values = {role: b.x[i].tolist() for role, b in given.items() if i < len(b.x)}
    stamps = [b.t_device_s[i] for b in given.values() if b.t_device_s is not None and i < len(b.x)]
    half_s = 30.0 / values[Role.RESPIRATION_RATE][0] if Role.RESPIRATION_RATE in values else 1.0 / CS_PER_S
    inhale_s, exhale_s = values.get(Role.BREATH_PHASES, (half_s, half_s))
    ticks = round(stamps[0] / TICK_S) if stamps else i + 1
    depth = round(values.get(Role.BREATH_DEPTH, (0.0,))[0])
    return TymeBreath(ticks, round(inhale_s * CS_PER_S), round(exhale_s * CS_PER_S), depth)
