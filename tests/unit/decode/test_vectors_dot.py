"""Every published byte vector of a Movella DOT (see devices.md §13 for the format)."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from vectors import VECTORS, Vector, agrees, vectors_of

from breathcore.decode import dot_packets as dot
from breathcore.decode.errors import DecodeError

Fields = dict[str, Any]
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


READERS: Mapping[str, Callable[[Vector, bytes], Fields]] = {"dot_command": _command, "dot_payload": _payload}
HELD = vectors_of(READERS)


def test_all_vectors_of_the_dot_are_held() -> None:
    if not HELD:
        pytest.skip(f"the published byte vectors are not at {VECTORS}")
    assert len(HELD) == EXPECTED_N


@pytest.mark.parametrize("vector", HELD, ids=lambda v: v["id"])
def test_vector(vector: Vector) -> None:
    read, payload = READERS[vector["stream"]], bytes.fromhex(vector["hex"])
    if "error" in vector["expected"]:
        with pytest.raises(DecodeError) as caught:
            read(vector, payload)
        assert caught.value.fault == vector["expected"]["error"]
        return
    fields = read(vector, payload)
    assert agrees(fields, vector["expected"], vector["tolerance"] or 1e-6), fields
