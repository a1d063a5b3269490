"""Array types and the one helper that makes an array safe to share."""

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]


def frozen(values: npt.ArrayLike) -> F64:
    """Return `values` as a read-only float64 array (a view where no copy is needed)."""
    array = np.asarray(values, dtype=np.float64).view()
    array.flags.writeable = False
    return array
