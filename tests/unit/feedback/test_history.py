import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from breathcore.feedback.history import History


@given(st.lists(st.integers(0, 40), max_size=30), st.integers(1, 25))
def test_a_history_is_the_newest_rows_whatever_the_cut(sizes: list[int], capacity: int) -> None:
    history = History(capacity, 1)
    everything: list[float] = []
    for size in sizes:
        rows = np.arange(len(everything), len(everything) + size, dtype=float)
        everything += rows.tolist()
        history.append(rows[:, None])
        assert history.rows()[:, 0].tolist() == everything[-capacity:]
    assert history.total == len(everything)


def test_cleared_is_empty() -> None:
    history = History(4, 2)
    history.append(np.ones((3, 2)))
    history.clear()
    assert history.rows().shape == (0, 2)
