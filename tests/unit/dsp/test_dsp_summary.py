"""Short arrays' mean, SD and median against NumPy's."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from breathcore.dsp.summary import median, moments

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300)


@given(VALUES)
def test_mean_sd_and_median_are_numpys_bit_for_bit(values: list[float]) -> None:
    x = np.array(values)
    assert moments(x) == (float(x.mean()), float(x.std()))
    assert median(x) == float(np.median(x))
