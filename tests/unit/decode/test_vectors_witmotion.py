"""Every published byte vector of a WitMotion sensor (see devices.md §13 for the format)."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from vectors import VECTORS, Vector, agrees, vectors_of

from breathcore.decode import witmotion_frames as wit
from breathcore.decode.errors import DecodeError

Fields = dict[str, Any]
EXPECTED_N = 17


def _command(vector: Vector, payload: bytes) -> Fields:
    register, value = wit.decode_command(payload)
    assert wit.encode_command(register, value) == payload
    return {"register": register, "value": value}


def _frame(vector: Vector, payload: bytes) -> Fields:
    value = wit.decode_frame(payload)
    if isinstance(value, wit.WitMotion):
        assert wit.encode_motion(value.counts) == payload
        return {
            "acc_g": value.acc_g.tolist(),
            "gyro_dps": value.gyro_dps.tolist(),
            "angle_deg": value.angle_deg.tolist(),
        }
    assert wit.encode_register(value) == payload
    return {
        "register": value.register,
        "quat": list(value.quat),
        "battery_v": value.battery_v,
        "temp_c": value.temp_c,
        "mag_raw": np.array(value.counts[:3]).tolist(),
    }


READERS: Mapping[str, Callable[[Vector, bytes], Fields]] = {"witmotion_command": _command, "witmotion_frame": _frame}
HELD = vectors_of(READERS)


def test_all_vectors_of_witmotion_are_held() -> None:
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
