"""Which extremes of a waveform are breaths: the smallest excursions go first, until what is left is of a size.

Method: Count-adv (Schäfer and Kratky 2008), as in the reference detector of signals.md §3, with the median of the
excursions instead of their third quartile.
"""

from itertools import pairwise

import numpy as np

from breathcore.dsp.peaks import turning_points
from breathcore.model.arrays import F64, I64

CLOSEST_S = 0.35  # two extremes nearer than this are no breath
FEWEST = 4  # extremes that are always left


def extremes(z: F64) -> tuple[list[int], list[float]]:
    """Return places and levels of all extremes of `z` (n,)."""
    at = turning_points(z)
    return at.tolist(), z[at].tolist()


def merge(at: list[int], level: list[float], part: float, least: float, closest_n: float) -> None:
    """Delete, smallest first, the pairs of extremes that are less than `part` of the median excursion or `least` apart.

    So are pairs nearer to each other than `closest_n` samples. Both lists are changed; extremes go on alternating.
    """
    while len(level) > FEWEST:
        size = [abs(b - a) for a, b in pairwise(level)]
        limit = max(least, part * sorted(size)[len(size) // 2])
        bad = [i for i, s in enumerate(size) if s < limit or at[i + 1] - at[i] < closest_n]
        if not bad:
            return
        i = min(bad, key=size.__getitem__)
        del at[i : i + 2], level[i : i + 2]


def counted(z: F64, step_s: float, parts: tuple[float, ...], least: float) -> tuple[I64, ...]:
    """Return the places of the breaths' extremes in `z` (n,), counted by each of `parts` (rising)."""
    at, level = extremes(z)
    found = []
    for part in parts:
        merge(at, level, part, least, CLOSEST_S / step_s)
        found.append(np.array(at, dtype=np.int64))
    return tuple(found)


def rate_bpm(at_s: F64) -> float:
    """Return 60 (n − 1) / (last − first), the mean over tops and bottoms `at_s` (n,); NaN where neither came twice."""
    kinds = [e for e in (at_s[::2], at_s[1::2]) if len(e) > 1]
    rates = [60.0 * (len(e) - 1) / float(e[-1] - e[0]) for e in kinds]
    return sum(rates) / len(rates) if rates else float("nan")
