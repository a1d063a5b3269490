"""Every published byte vector of heart-rate straps, batteries and Polar devices."""

import struct
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from tests.support.vectors import VECTORS, Vector, vectors_of

from breathcore.decode.battery import decode_level
from breathcore.decode.errors import DecodeError
from breathcore.decode.heart_rate import decode_measurement
from breathcore.decode.pmd_control import (
    Op,
    PmdStopped,
    decode_active,
    decode_factor,
    decode_features,
    decode_reply,
    decode_request,
    decode_settings,
)
from breathcore.decode.pmd_delta import decode_deltas
from breathcore.decode.pmd_frames import decode_frame, sample_times_ns
from breathcore.decode.polar_adv import decode_advertisement

Fields = dict[str, Any]

EXPECTED = {
    "hr_measurement": 30, "battery_level": 4, "polar_adv_hr": 10, "pmd_active": 8, "pmd_features": 5,
    "pmd_cp_request": 14, "pmd_cp_response": 31, "pmd_settings": 4, "pmd_delta": 8, "pmd_timestamps": 8,
    "pmd_frame_acc": 22, "pmd_frame_ecg": 11, "pmd_frame_gyro": 4, "pmd_frame_mag": 4, "pmd_frame_ppg": 8,
    "pmd_frame_ppi": 3, "pmd_frame_pressure": 3, "pmd_frame_temp": 4,
}  # fmt: skip
STAMP_TOLERANCE_NS = 128  # the expected values were made with doubles


HELD = vectors_of(EXPECTED)


def _heart_rate(vector: Vector, payload: bytes) -> Fields:
    value = decode_measurement(payload)
    return {
        "hr_bpm": value.hr_bpm,
        "rr_1024": list(value.rr_1024),
        "rr_ms": [round(c * 1000 / 1024) for c in value.rr_1024],
        "contact": value.contact,
        "contact_supported": value.contact is not None,
        "energy_kj": value.energy_kj,
    }


def _battery(vector: Vector, payload: bytes) -> Fields:
    try:
        return {"percent": decode_level(payload)}
    except DecodeError as error:
        if error.fault != "out_of_range":
            raise
        return {"percent": None}


def _advertisement(vector: Vector, payload: bytes) -> Fields:
    value = decode_advertisement(payload)
    return {name: getattr(value, name) for name in type(value).__slots__}


def _active(vector: Vector, payload: bytes) -> Fields:
    return {"state": decode_active(payload[0])[1]}


def _features(vector: Vector, payload: bytes) -> Fields:
    return {"features": [m.name.lower() for m in decode_features(payload)]}


def _request(vector: Vector, payload: bytes) -> Fields:
    request = decode_request(payload)
    return {"op": request.op, "type": request.type, "settings": _lists(request.settings)}


def _reply(vector: Vector, payload: bytes) -> Fields:
    reply = decode_reply(payload)
    if isinstance(reply, PmdStopped):
        return {"kind": "measurement_stopped", "types": list(reply.types)}
    fields: Fields = {
        "op": reply.op,
        "type": reply.type,
        "status": reply.status_name,
        "more": reply.more,
        "params_hex": reply.params.hex(),
    }
    if "settings" in vector["expected"]:
        started = reply.op == Op.START
        fields["settings"] = (
            {"factor": [decode_factor(reply.params)]} if started else _lists(decode_settings(reply.params, 5))
        )
    return fields


def _settings(vector: Vector, payload: bytes) -> Fields:
    return {"settings": _lists(decode_settings(payload))}


def _deltas(vector: Vector, payload: bytes) -> Fields:
    bits = vector["inputs"]["resolution_bits"]
    samples, blocks = decode_deltas(payload, vector["inputs"]["channels"], bits)
    patterns = samples & 0xFFFFFFFF if bits == 32 else samples
    return {"blocks": [list(b) for b in blocks], **_samples(patterns)}


def _frame(vector: Vector, payload: bytes) -> Fields:
    factor = 1.0 if vector["factor"] is None else vector["factor"]
    frame = decode_frame(payload, factor)
    fields = {
        "timestamp_ns": frame.timestamp_ns,
        "compressed": bool(frame.frame_type & 0x80),
        "frame_type": frame.frame_type & 0x7F,
        "blocks": [list(b) for b in frame.blocks],
        **_samples(frame.samples),
    }
    inputs = vector["inputs"] or {}
    if inputs.keys() & {"prev_timestamp_ns", "sample_rate_hz"}:
        times = sample_times_ns(
            frame.timestamp_ns,
            len(frame.samples),
            inputs.get("prev_timestamp_ns", 0),
            inputs.get("sample_rate_hz", 0),
        )
        fields |= {"first_timestamp_ns": int(times[0]), "last_timestamp_ns": int(times[-1])}
    return fields


def _timestamps(vector: Vector, payload: bytes) -> Fields:
    given = vector["inputs"]
    times = sample_times_ns(
        given["frame_timestamp_ns"], given["n_samples"], given["prev_timestamp_ns"], given["sample_rate_hz"]
    )
    return {"timestamps_ns": times.tolist()}


def _samples(samples: np.ndarray) -> Fields:
    rows = samples.astype(np.float64)
    return {
        "n_samples": len(rows),
        "samples": rows.tolist(),
        "samples_head": rows[:3].tolist(),
        "samples_tail": rows[-2:].tolist(),
        "channel_sums": rows.sum(axis=0).tolist(),
    }


def _lists(settings: Mapping[str, tuple[Any, ...]]) -> dict[str, list[Any]]:
    return {name: list(values) for name, values in settings.items()}


READERS: Mapping[str, Callable[[Vector, bytes], Fields]] = {
    "hr_measurement": _heart_rate,
    "battery_level": _battery,
    "polar_adv_hr": _advertisement,
    "pmd_active": _active,
    "pmd_features": _features,
    "pmd_cp_request": _request,
    "pmd_cp_response": _reply,
    "pmd_settings": _settings,
    "pmd_delta": _deltas,
    "pmd_timestamps": _timestamps,
    **{stream: _frame for stream in EXPECTED if stream.startswith("pmd_frame")},
}


def _tolerance(vector: Vector, key: str) -> float:
    if vector["tolerance"] is not None:
        return float(vector["tolerance"])
    big = vector["expected"].get("timestamp_ns", 0) > 1 << 53
    return STAMP_TOLERANCE_NS if big and key == "first_timestamp_ns" else 1e-6


def test_all_vectors_of_these_streams_are_held() -> None:
    if not HELD:
        pytest.skip(f"the published byte vectors are not at {VECTORS}")
    assert Counter(v["stream"] for v in HELD) == EXPECTED


@pytest.mark.parametrize("vector", HELD, ids=lambda v: f"{v['device']}-{v['id']}")
def test_vector(vector: Vector) -> None:
    read = READERS[vector["stream"]]
    payload = bytes.fromhex(vector["hex"])
    expected = vector["expected"]
    if "error" in expected:
        with pytest.raises(DecodeError) as caught:
            read(vector, payload)
        assert caught.value.fault == expected["error"]
        assert 0 <= caught.value.offset <= len(payload) or not payload  # stamps alone have no bytes
        return
    fields = read(vector, payload)
    for key, value in expected.items():
        if isinstance(value, list) and value and not isinstance(value[0], str):
            np.testing.assert_allclose(
                np.array(fields[key], dtype=object).astype(float),
                np.array(value, dtype=object).astype(float),
                rtol=0,
                atol=_tolerance(vector, key),
                err_msg=key,
            )
        elif key.endswith("timestamp_ns"):
            assert abs(fields[key] - value) <= _tolerance(vector, key), key
        else:
            assert fields[key] == value, key


def test_a_float_factor_travels_in_four_bytes() -> None:
    assert decode_factor(b"\x05\x01" + struct.pack("<f", 0.000244)) == pytest.approx(0.000244, rel=1e-6)
