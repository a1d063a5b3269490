"""The self-test of a simulated wearable."""

import pytest
from virtual_time import run_virtual

from breathcore.session import registry
from breathcore.session.selftest import SelfTest
from breathcore.source.sim.faults import NO_FAULTS
from breathcore.source.sim.spec import WearerSpec


@pytest.mark.parametrize("seconds", [1.5, 5.0])
def test_every_sample_that_was_sent_is_counted_however_short_it_is(seconds):
    test = SelfTest(registry.device("polar_h10"), WearerSpec(seed=1), NO_FAULTS, lambda _: None)
    run_virtual(test.run(seconds))
    assert test.tally.received["acc"] > 0
    assert test.tally.received == test.tally.sent
