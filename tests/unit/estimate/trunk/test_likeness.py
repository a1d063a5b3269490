"""Breaths like those before, and not: deep guided ones among quiet ones are; gasps and coughs are not."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from breathcore.estimate.trunk.likeness import Likeness
from breathcore.estimate.trunk.waves import Bottom

HZ = 25.0
QUIET = (0.3, 4.0)  # size, seconds
FULL = (1.0, 9.0)


def wave(size: float, seconds: float) -> np.ndarray:
    return 0.5 * size * (1.0 - np.cos(2.0 * np.pi * np.arange(round(seconds * HZ)) / (seconds * HZ)))


def unlike(like: Likeness, *breaths: tuple[float, float]) -> list[bool]:
    """Return whether each breath was unlike at any of its samples but the first, which still ends the one before."""
    out = []
    for size, seconds in breaths:
        seen = []
        for k, c in enumerate(wave(size, seconds).tolist()):
            like.step(c, Bottom(0.0, 0.0, 0.0, size, seconds) if k == 0 else None)
            seen.append(like.unlike)
        out.append(any(seen[1:]))
    return out


def quiet(*, learned: bool = True) -> Likeness:
    like = Likeness(1.0 / HZ)
    unlike(like, *[QUIET] * 6)
    if learned:
        like.learn([wave(*FULL)] * 3)
    return like


@given(st.floats(0.3, 0.95), st.floats(6.0, 10.0))
def test_a_guided_breath_up_to_the_own_full_one_is_not_unlike_however_few_there_were(size: float, seconds: float):
    assert unlike(quiet(), QUIET, (size, seconds), QUIET, (size, seconds)) == [False] * 4


def test_without_full_breaths_a_breath_twice_as_large_is_unlike_until_it_is_how_the_person_breathes():
    told = unlike(quiet(learned=False), *[(0.7, 5.0)] * 9)
    assert told[:6] == [True] * 6
    assert told[-1] is False


@given(st.floats(1.3, 3.0))
def test_a_gasp_is_unlike_and_the_next_usual_breath_is_not(size: float):
    assert unlike(quiet(), QUIET, (size, 4.0), QUIET, QUIET)[::3] == [False, False]
    assert unlike(quiet(), QUIET, (size, 4.0))[1]


def test_a_cough_is_unlike_however_small():
    assert unlike(quiet(), (0.3, 0.7)) == [True]
