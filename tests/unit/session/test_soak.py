"""A session in bad air: nothing that was delivered is lost or doubled, no device pays for another's faults."""

import pytest
from bad_air import FAULTS, soak
from virtual_time import run_virtual


@pytest.mark.slow
def test_all_that_six_wearables_delivered_is_recorded_once_with_a_fault_every_10_s(tmp_path):
    """Six minutes; `benchmarks/soak.py` runs the half hour."""
    soaked = run_virtual(soak(6.0, tmp_path / "soak.breath"))
    assert soaked.wrong() == []
    assert len(soaked.faults) >= len(FAULTS) - 3
    assert sum(soaked.faults.values()) >= 20
