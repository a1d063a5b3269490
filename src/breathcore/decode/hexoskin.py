"""Codecs "hexoskin_respiration" and "hexoskin_activity": what a Hexoskin Smart finds out by itself.

Source: others' code (see the wearable's file). ``<id>.measurement`` notifies. Respiration: flags (bit 0: rate of 16
bits, bit 1: phases follow, bit 2: they begin with an expiration), breaths a minute, then the lengths of alternating
phases in 1/32 s. Activity: flags (bit 0 steps, bit 1 activity in 1/256 g, bit 2 cadence), then those, 16 bits each.
A rate of 0 means that none is known. The shirt's heart rate is the standard service.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from breathcore.decode.errors import DecodeError
from breathcore.decode.listening import ListeningCodec
from breathcore.model.blocks import FaultReason, RawBlock
from breathcore.model.device import Role

PHASES_PER_S = 32
ACTIVITY_PER_G = 256

_WIDE, _PHASES, _EXPIRATION_FIRST = 1, 2, 4
_RESPIRATION_FLAGS = _WIDE | _PHASES | _EXPIRATION_FIRST
_ACTIVITY_FIELDS = ("steps", "1", "steps/min")  # by unit, in the order of their flags
_ACTIVITY_SCALES: Mapping[str, float] = MappingProxyType(
    {"steps": 1.0, "1": 1.0 / ACTIVITY_PER_G, "steps/min": 1.0}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Respiration:
    """One packet: breaths a minute (0: not known), and the phases in 1/32 s, alternating."""

    rate_bpm: int
    phases: tuple[int, ...] = ()
    expiration_first: bool = False

    def breaths(self) -> tuple[tuple[int, int], ...]:
        """Return (in, out) of each breath; 0 where that phase is not in the packet."""
        phases = (0, *self.phases) if self.expiration_first and self.phases else self.phases
        even = (*phases, 0) if len(phases) % 2 else phases
        return tuple(zip(even[::2], even[1::2], strict=True))


def decode_respiration(payload: bytes) -> Respiration:
    """Return the fields. Raises DecodeError: TRUNCATED, BAD_HEADER for unknown flags, BAD_LENGTH for stray bytes."""
    flags, at = _flags(payload, _RESPIRATION_FLAGS)
    form = "<H" if flags & _WIDE else "<B"
    end = at + struct.calcsize(form)
    if len(payload) < end:
        raise DecodeError(FaultReason.TRUNCATED, len(payload))
    (rate_bpm,) = struct.unpack_from(form, payload, at)
    rest = len(payload) - end
    if flags & _PHASES and (rest == 0 or rest % 2):
        raise DecodeError(FaultReason.TRUNCATED, len(payload))
    if rest and not flags & _PHASES:
        raise DecodeError(FaultReason.BAD_LENGTH, end, str(len(payload)))
    phases = struct.unpack_from(f"<{rest // 2}H", payload, end)
    return Respiration(rate_bpm, phases, bool(flags & _EXPIRATION_FIRST))


def encode_respiration(value: Respiration) -> bytes:
    """Return the packet. Raises struct.error where a number does not fit 16 bits."""
    wide = value.rate_bpm > 0xFF
    flags = (_WIDE if wide else 0) | (_PHASES if value.phases else 0)
    flags |= _EXPIRATION_FIRST if value.expiration_first else 0
    head = struct.pack("<BH" if wide else "<BB", flags, value.rate_bpm)
    return head + struct.pack(f"<{len(value.phases)}H", *value.phases)


def decode_activity(payload: bytes) -> Mapping[str, float]:
    """Return what the packet holds by unit: steps, 1 (activity, g), steps/min. Raises DecodeError as above."""
    flags, at = _flags(payload, 7)
    units = [unit for bit, unit in enumerate(_ACTIVITY_FIELDS) if flags >> bit & 1]
    end = at + 2 * len(units)
    if len(payload) < end:
        raise DecodeError(FaultReason.TRUNCATED, len(payload))
    if len(payload) > end:
        raise DecodeError(FaultReason.BAD_LENGTH, end, str(len(payload)))
    counts = struct.unpack_from(f"<{len(units)}H", payload, at)
    return {unit: count * _ACTIVITY_SCALES[unit] for unit, count in zip(units, counts, strict=True)}


def encode_activity(values: Mapping[str, float]) -> bytes:
    """Return the packet of values by unit. Raises struct.error where a number does not fit 16 bits."""
    flags = sum(1 << bit for bit, unit in enumerate(_ACTIVITY_FIELDS) if unit in values)
    counts = [round(values[unit] / _ACTIVITY_SCALES[unit]) for unit in _ACTIVITY_FIELDS if unit in values]
    return bytes([flags]) + struct.pack(f"<{len(counts)}H", *counts)


class HexoskinRespirationCodec(ListeningCodec):
    """Channels respiration_rate (breaths/min) and breath_phases (s): rows (in, out), one a breath.

    A phase that is not in the packet (the list may begin with an expiration and end with an inspiration) is 0.
    """

    characteristic = "measurement"

    def encode(self, *blocks: RawBlock) -> tuple[tuple[str, bytes], ...]:
        """Return one packet a row: its rate (0 where no rate is given) and its breath."""
        given = {b.channel.role: b.x for b in blocks}
        rates = given.get(Role.RESPIRATION_RATE, np.empty((0, 1)))[:, 0]
        breaths = np.rint(given.get(Role.BREATH_PHASES, np.empty((0, 2))) * PHASES_PER_S).astype(np.int64)
        return tuple(
            (self._source, encode_respiration(_row(rates[i : i + 1].tolist(), breaths[i : i + 1].tolist())))
            for i in range(max(len(rates), len(breaths)))
        )

    def decoded(self, payload: bytes, t_host_s: float) -> tuple[RawBlock, ...]:
        """Return what the packet holds of the wanted channels. Raises DecodeError."""
        value = decode_respiration(payload)
        by_role = {c.role: c for c in self._channels}
        rate, phases = by_role.get(Role.RESPIRATION_RATE), by_role.get(Role.BREATH_PHASES)
        blocks: list[RawBlock] = []
        if rate is not None and value.rate_bpm:
            blocks.append(RawBlock(rate, np.array([[float(value.rate_bpm)]]), None, t_host_s))
        if phases is not None and value.phases:
            blocks.append(RawBlock(phases, np.array(value.breaths()) / PHASES_PER_S, None, t_host_s))
        return tuple(blocks)


class HexoskinActivityCodec(ListeningCodec):
    """Channels of role activity, told apart by their units: steps, 1 (activity, g), steps/min."""

    characteristic = "measurement"

    def encode(self, *blocks: RawBlock) -> tuple[tuple[str, bytes], ...]:
        """Return one packet a row, with what is given for it."""
        rows_n = max((len(b.x) for b in blocks), default=0)
        rows = [{b.channel.unit: float(b.x[i, 0]) for b in blocks if i < len(b.x)} for i in range(rows_n)]
        return tuple((self._source, encode_activity(row)) for row in rows)

    def decoded(self, payload: bytes, t_host_s: float) -> tuple[RawBlock, ...]:
        """Return what the packet holds of the wanted channels. Raises DecodeError."""
        by_unit = {c.unit: c for c in self._channels}
        values = decode_activity(payload).items()
        return tuple(RawBlock(by_unit[u], np.array([[v]]), None, t_host_s) for u, v in values if u in by_unit)


def _flags(payload: bytes, known: int) -> tuple[int, int]:
    """Return the flags and where the fields begin."""
    if not payload:
        raise DecodeError(FaultReason.TRUNCATED)
    if payload[0] & ~known:
        raise DecodeError(FaultReason.BAD_HEADER, 0, f"{payload[0]:02x}")
    return payload[0], 1


def _row(rates: Sequence[float], breaths: Sequence[Sequence[int]]) -> Respiration:
    rate_bpm = round(rates[0]) if rates else 0
    inhale, exhale = breaths[0] if breaths else (0, 0)
    phases = tuple(p for p in (inhale, exhale) if p)
    return Respiration(rate_bpm, phases, expiration_first=bool(exhale and not inhale))
