"""Every published byte vector of a Movella DOT (see devices.md §13 for the format)."""

import pytest
from vectors import Fields, Readers, Vector, check, require_all, vectors_of

from breathcore.decode import dot_packets as dot

EXPECTED_N = 18


def _command(vector: Vector, payload: bytes) -> Fields:
    command = dot.decode_command(payload)
    assert dot.encode_command(command) == payload
    return {"kind": payload[0], "action": "start" if command.start else "stop", "mode": command.mode}


def _payload(vector: Vector, payload: bytes) -> Fields:
    mode = vector["inputs"]["mode"]
    sample = dot.decode_payload(mode, payload)
    assert dot.encode_payload(mode, sample)[: dot.size_of(mode)] == payload[: dot.size_of(mode)]
    fields = {name: list(v) if isinstance(v, tuple) else v for name, v in sample.fields.items()}
    return {"timestamp_us": sample.timestamp_us, "mag_raw": fields.get("mag"), **fields}


READERS: Readers = {"dot_command": _command, "dot_payload": _payload}
HELD = vectors_of(READERS)


def test_all_vectors_of_the_dot_are_held() -> None:
    require_all(HELD, EXPECTED_N)


@pytest.mark.parametrize("vector", HELD, ids=lambda v: v["id"])
def test_vector(vector: Vector) -> None:
    check(vector, READERS)
