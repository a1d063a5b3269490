"""Every published byte vector of Movesense (see devices.md §13 for the format)."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from vectors import VECTORS, Vector, agrees, vectors_of

from breathcore.decode import movesense_packets as move
from breathcore.decode.errors import DecodeError

Fields = dict[str, Any]
EXPECTED_N = 24


def _command(vector: Vector, payload: bytes) -> Fields:
    command = move.decode_command(payload)
    assert move.encode_command(command) == payload
    return {"cmd": command.op, "ref": command.ref, "path": command.path}


def _notification(vector: Vector, payload: bytes) -> Fields:
    value = move.decode_notification(payload)
    assert move.encode_notification(value) == payload
    return {"code": value.code, "ref": value.ref, "status": value.status, "payload_hex": value.payload.hex()}


def _data(vector: Vector, payload: bytes) -> Fields:
    path = vector["inputs"]["path"]
    data = move.decode_data(path, payload)
    assert move.encode_data(path, data) == payload
    rows = {name: values.tolist() for name, values in data.rows.items()}
    fields: Fields = {"timestamp_ms": data.timestamp_ms, **rows}
    for counts in (values.ravel() for name, values in data.rows.items() if name == "ecg"):
        fields |= {"counts": counts.tolist(), "mv": (counts * move.ecg_uv_per_count(path) / 1000).tolist()}
    if "hr" in rows:
        fields |= {"hr_bpm": rows["hr"][0][0], "rr_ms": [rows["rr"][0][0]]}
    if "temp" in rows:
        fields |= {"kelvin": rows["temp"][0][0]}
    return fields


READERS: Mapping[str, Callable[[Vector, bytes], Fields]] = {
    "movesense_command": _command,
    "movesense_notification": _notification,
    "movesense_data": _data,
}
HELD = vectors_of(READERS)


def test_all_vectors_of_movesense_are_held() -> None:
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
