"""Every published byte vector of Movesense (see devices.md §13 for the format)."""

import pytest
from vectors import Fields, Readers, Vector, check, require_all, vectors_of

from breathcore.decode import movesense_packets as move

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


READERS: Readers = {
    "movesense_command": _command,
    "movesense_notification": _notification,
    "movesense_data": _data,
}
HELD = vectors_of(READERS)


def test_all_vectors_of_movesense_are_held() -> None:
    require_all(HELD, EXPECTED_N)


@pytest.mark.parametrize("vector", HELD, ids=lambda v: v["id"])
def test_vector(vector: Vector) -> None:
    check(vector, READERS)
