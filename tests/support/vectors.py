"""The published byte vectors of wearables: kept outside this project, tests skip where they are absent."""

import json
import os
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any

Vector = Mapping[str, Any]

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
