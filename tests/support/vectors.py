"""The published byte vectors of wearables: kept outside this project, tests skip where they are absent."""

import json
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from breathcore.decode.errors import DecodeError

Vector = Mapping[str, Any]
Fields = dict[str, Any]
Readers = Mapping[str, Callable[[Vector, bytes], Fields]]  # by stream: a vector and its bytes → what they say

VECTORS = Path(os.environ.get("BREATHCORE_VECTORS", Path(__file__).parents[3] / "shared/reference/device-vectors.json"))


@cache
def all_vectors() -> tuple[Vector, ...]:
    """Return every vector, none where the file is not there."""
    return tuple(json.loads(VECTORS.read_text())) if VECTORS.exists() else ()


def vectors_of(streams: Collection[str]) -> list[Vector]:
    """Return the vectors of these streams (`stream` in the file), in order."""
    return [v for v in all_vectors() if v["stream"] in streams]


def agrees(found: Any, expected: Any, tolerance: float) -> bool:
    """Return whether `found` is `expected`: numbers within `tolerance`, NaN where null is expected."""
    if expected is None:
        return found is None or found != found
    if isinstance(expected, bool | str):
        return bool(found == expected)
    if isinstance(expected, int | float):
        return bool(abs(found - expected) <= tolerance)
    if isinstance(expected, list):
        same = len(found) == len(expected)
        return same and all(agrees(f, e, tolerance) for f, e in zip(found, expected, strict=True))
    return expected.keys() <= found.keys() and all(agrees(found[k], e, tolerance) for k, e in expected.items())


def require_all(held: Sequence[Vector], n: int) -> None:
    """Check that all `n` vectors of a wearable are held; skip where there are none."""
    if not held:
        pytest.skip(f"the published byte vectors are not at {VECTORS}")
    assert len(held) == n


def check(vector: Vector, readers: Readers) -> None:
    """Check that the bytes of a vector say what it says they do, or are refused for the reason that it names."""
    read, payload = readers[vector["stream"]], bytes.fromhex(vector["hex"])
    if "error" in vector["expected"]:
        with pytest.raises(DecodeError) as caught:
            read(vector, payload)
        assert caught.value.fault == vector["expected"]["error"]
        return
    fields = read(vector, payload)
    assert agrees(fields, vector["expected"], vector["tolerance"] or 1e-6), fields
