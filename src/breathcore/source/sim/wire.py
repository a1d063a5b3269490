"""What is left of a sensor's value on the wire: whole counts, no more than fit."""

from dataclasses import replace

import numpy as np

from breathcore.model.blocks import RawBlock


def on_wire(block: RawBlock, per_unit: float, low: int = -0x8000, high: int = 0x7FFF) -> RawBlock:
    """Return `block` in counts of 1/`per_unit`, from `low` to `high`, still in its channel's unit."""
    return replace(block, x=np.rint(block.x * per_unit).clip(low, high) / per_unit)
