"""Every published byte vector of a Go Direct belt (see devices.md §13 for the format)."""

from typing import Any

import pytest
from vectors import Fields, Readers, Vector, check, require_all, vectors_of

from breathcore.decode import gdx_frames as gdx
from breathcore.decode import gdx_payloads as payloads
from breathcore.decode.gdx_frames import Command

EXPECTED_N = 42


def _command(vector: Vector, payload: bytes) -> Fields:
    request = gdx.decode_command(payload)
    assert gdx.encode_command(request) == payload
    return {
        "counter": request.counter,
        "checksum": payload[3],
        "cmd": request.command,
        "payload_hex": request.payload.hex(),
    }


def _response(vector: Vector, payload: bytes) -> Fields:
    reply = gdx.decode_reply(payload)
    assert gdx.encode_reply(reply) == payload
    fields: Fields = {
        "header": reply.header,
        "counter": reply.counter,
        "cmd": reply.command,
        "echo_counter": reply.echo,
        "payload_hex": reply.payload.hex(),
    }
    match reply.command:
        case Command.STATUS:
            fields |= _attributes(payloads.decode_status(reply.payload))
        case Command.AVAILABLE | Command.DEFAULT:
            fields |= {"channels": list(payloads.decode_mask(reply.payload))}
            fields |= {"mask": sum(1 << n for n in fields["channels"])}
        case Command.CHANNEL_INFO:
            fields |= _attributes(payloads.decode_channel(reply.payload))
        case Command.DEVICE_INFO:
            fields |= _attributes(payloads.decode_device(reply.payload))
    return fields


def _measurement(vector: Vector, payload: bytes) -> Fields:
    value = gdx.decode_measurement(payload)
    values = {str(number): column.tolist() for number, column in value.values.items()}
    return {"subtype": value.subtype, "counter": value.counter, "values": values}


def _reassembly(vector: Vector, payload: bytes) -> Fields:
    frames, found = gdx.GdxFrames(), []
    for part in vector["inputs"]["fragments"]:
        whole, errors = frames.take(bytes.fromhex(part))
        assert not errors
        found += [frame.hex() for frame in whole]
    return {"frames": found, "left_over": frames.left_over.hex()}


def _attributes(value: Any) -> Fields:
    return {name: getattr(value, name) for name in type(value).__slots__}


READERS: Readers = {
    "gdx_command": _command,
    "gdx_response": _response,
    "gdx_measurement": _measurement,
    "gdx_reassembly": _reassembly,
}
HELD = vectors_of(READERS)


def test_all_vectors_of_the_belt_are_held() -> None:
    require_all(HELD, EXPECTED_N)


@pytest.mark.parametrize("vector", HELD, ids=lambda v: v["id"])
def test_vector(vector: Vector) -> None:
    check(vector, READERS)
