"""A wearable that nobody has thought of works without a line of Python: its file in the person's folder is enough."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import breathcore
from breathcore.session import registry
from breathcore.session.plan import SessionPlan
from breathcore.session.simulated import run_simulated
from breathcore.source.sim.spec import WearerSpec

BELT = """
id = "my_belt"
name = "My belt"
placement = "chest"
clock = "sample_stamp"
time_to_first_data_s = 2.0
evidence = ["Made up for a test."]

[match]
name_prefixes = ["My belt"]

[[endpoints]]
id = "belt"
codec = "table"
service_uuid = "8d2f0021-5d7a-4c1e-9b3a-6f1c0e5b7a10"

[[endpoints.characteristics]]
name = "stream"
uuid = "8d2f0022-5d7a-4c1e-9b3a-6f1c0e5b7a10"
uses = ["notify", "write"]

[[endpoints.channels]]
id = "force"
role = "belt"
unit = "N"
axes = ["force"]
rate_hz = 20.0
expected_interval_s = 0.2

[endpoints.table]
data = "stream"
command = "stream"
start_hex = ["b00b", "01"]
stop_hex = ["00"]
head_bytes = 5
row_bytes = 3
rows_n = 4
counter = { offset = 0, type = "u8" }
stamp = { offset = 1, type = "u32", scale_s = 0.001, big_endian = true, of_last = true }
fields = [{ channel = "force", axis = "force", offset = 0, type = "i24", scale = 0.001, big_endian = true }]
"""
CLOCKS = {
    "sample_stamp": BELT,
    "counter": BELT.replace("sample_stamp", "counter").replace("stamp = {", "# stamp = {"),
    "none": BELT.replace("sample_stamp", "none").replace("stamp = {", "# stamp = {").replace("counter = {", "# = {"),
}


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The person's own folder of devices, and a registry that has not looked yet."""
    monkeypatch.setattr(registry, "own_folder", lambda kind: tmp_path / kind)
    (tmp_path / "devices").mkdir()
    registry.found_devices.cache_clear()
    yield tmp_path / "devices"
    registry.found_devices.cache_clear()


@pytest.mark.parametrize("clock", CLOCKS)
def test_a_drill_runs_on_a_wearable_that_only_its_file_describes(own: Path, tmp_path: Path, clock: str) -> None:
    (own / "my_belt.toml").write_text(CLOCKS[clock], "utf-8")
    device = registry.device("my_belt")
    assert registry.problems() == ()
    plan = SessionPlan(registry.drill("diaphragmatic"), minutes=1 / 3, person="Jo", wearer="simulated")
    run = run_simulated(plan, device, WearerSpec(seed=5), tmp_path / "session.breath")
    session = breathcore.open_session(str(tmp_path / "session.breath"))
    blocks = [b for b in session.blocks if b.channel.id == "force"]
    assert session.faults == ()
    assert sum(len(b.x) for b in blocks) == pytest.approx(20.0 * session.duration_s, rel=0.05)
    assert all((np.diff(b.t_s) > 0).all() for b in blocks)
    found = [b.inhale_onset_s for b in session.analyse().breaths]
    true = [b.inhale_onset_s for b in run.truth.breaths if found[0] - 1 < b.inhale_onset_s < found[-1] + 1]
    assert len(found) > 5
    assert len(found) == pytest.approx(len(true), abs=1)
