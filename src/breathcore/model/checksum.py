"""The bytes that prove packets whole."""

from functools import cache, reduce
from operator import xor

from breathcore.model.table import ChecksumKind

_CRC8_POLYNOMIAL = 0x07


def checksum(kind: ChecksumKind, data: bytes) -> int:
    """Return the byte that proves `data` whole."""
    match kind:
        case ChecksumKind.SUM8:
            return sum(data) & 0xFF
        case ChecksumKind.XOR8:
            return reduce(xor, data, 0)
        case ChecksumKind.CRC8:
            table = _crc8_table()
            return reduce(lambda crc, byte: table[crc ^ byte], data, 0)


@cache
def _crc8_table() -> tuple[int, ...]:
    def step(crc: int, _: int) -> int:
        return (crc << 1 ^ _CRC8_POLYNOMIAL) & 0xFF if crc & 0x80 else crc << 1

    return tuple(reduce(step, range(8), byte) for byte in range(256))
