"""Every published byte vector of a WitMotion sensor (see devices.md §13 for the format)."""

import numpy as np
import pytest
from vectors import Fields, Readers, Vector, check, require_all, vectors_of

from breathcore.decode import witmotion_frames as wit

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


READERS: Readers = {"witmotion_command": _command, "witmotion_frame": _frame}
HELD = vectors_of(READERS)


def test_all_vectors_of_witmotion_are_held() -> None:
    require_all(HELD, EXPECTED_N)


@pytest.mark.parametrize("vector", HELD, ids=lambda v: v["id"])
def test_vector(vector: Vector) -> None:
    check(vector, READERS)
