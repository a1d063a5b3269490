"""Every published byte vector of MetaMotion, Thingy:52, Hexoskin, SweetzPot FLOW and Tymewear."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from tests.support.vectors import Vector, agrees, all_vectors, vectors_of

from breathcore.decode.errors import DecodeError
from breathcore.decode.hexoskin import PHASES_PER_S, decode_activity, decode_respiration
from breathcore.decode.metamotion import decode_fusion, decode_motion
from breathcore.decode.sweetzpot import decode_flow
from breathcore.decode.thingy import decode_quaternion, decode_raw
from breathcore.decode.tymewear import decode_breath

Fields = dict[str, Any]
EXPECTED_N = {
    "metamotion_acc": 4, "metamotion_gyro": 2, "metamotion_fusion": 6, "thingy_quat": 2, "thingy_raw": 2,
    "hexoskin_respiration": 4, "hexoskin_accel": 2, "sweetzpot_flow": 2, "tymewear_breath": 2,
}  # fmt: skip


def _motion(name: str) -> Callable[[Vector, bytes], Fields]:
    return lambda vector, payload: {name: decode_motion(payload, vector["inputs"]["range"]).tolist()}


def _fusion(vector: Vector, payload: bytes) -> Fields:
    value = decode_fusion(payload)
    return {value.name: list(value.values), "accuracy": value.accuracy}


def _raw(vector: Vector, payload: bytes) -> Fields:
    acc, gyro, mag = decode_raw(payload)
    return {"acc_g": acc[0].tolist(), "gyro_dps": gyro[0].tolist(), "compass_ut": mag[0].tolist()}


def _respiration(vector: Vector, payload: bytes) -> Fields:
    value = decode_respiration(payload)
    names = ["inspiration", "expiration"]
    first = 1 if value.expiration_first else 0
    phases = [[names[(first + i) % 2], p / PHASES_PER_S] for i, p in enumerate(value.phases)]
    return {"breaths_per_min": value.rate_bpm, "phases_s": phases}


def _activity(vector: Vector, payload: bytes) -> Fields:
    names = {"steps": "steps", "1": "activity_g", "steps/min": "cadence"}
    return {names[unit]: value for unit, value in decode_activity(payload).items()}


def _breath(vector: Vector, payload: bytes) -> Fields:
    breath = decode_breath(payload)
    assert breath is not None
    return {
        "ts_ticks40ms": breath.ticks,
        "inhale_cs": breath.inhale_cs,
        "exhale_cs": breath.exhale_cs,
        "br_fallback": breath.own_rate_bpm,
        "tv_raw": breath.depth,
    }


READERS: Mapping[str, Callable[[Vector, bytes], Fields]] = {
    "metamotion_acc": _motion("samples_g"),
    "metamotion_gyro": _motion("samples_dps"),
    "metamotion_fusion": _fusion,
    "thingy_raw": _raw,
    "thingy_quat": lambda _, payload: {"quat_wxyz": decode_quaternion(payload)[0].tolist()},
    "hexoskin_respiration": _respiration,
    "hexoskin_accel": _activity,
    "sweetzpot_flow": lambda _, payload: {"samples": decode_flow(payload)[:, 0].tolist()},
    "tymewear_breath": _breath,
}
HELD = vectors_of(READERS.keys())


def test_all_vectors_of_these_wearables_are_held() -> None:
    if not all_vectors():
        pytest.skip("the published byte vectors are not here")
    assert {stream: len(vectors_of([stream])) for stream in READERS} == EXPECTED_N


@pytest.mark.parametrize("vector", HELD, ids=lambda v: v["id"])
def test_vector(vector: Vector) -> None:
    tolerance = 1e-6 if vector["tolerance"] is None else float(vector["tolerance"])
    found = READERS[vector["stream"]](vector, bytes.fromhex(vector["hex"]))
    assert agrees(found, vector["expected"], tolerance), found


@pytest.mark.parametrize("vector", HELD, ids=lambda v: v["id"])
def test_a_vector_cut_anywhere_gives_nothing_or_less(vector: Vector) -> None:
    payload = bytes.fromhex(vector["hex"])
    read = READERS[vector["stream"]]
    whole = sum(np.size(v) for v in read(vector, payload).values())
    for n in range(len(payload)):
        with suppress(DecodeError):
            assert sum(np.size(v) for v in read(vector, payload[:n]).values()) < whole
