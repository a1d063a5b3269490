"""The recording is the truth: whatever is computed from it again is what was computed live, bit by bit."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from breathcore.model.blocks import Received
from breathcore.model.device import EndpointSpec, Role
from breathcore.model.estimates import Breath, RateEstimate
from breathcore.model.packets import Packet
from breathcore.model.protocols import Codec
from breathcore.record.edit import drop_derived
from breathcore.record.reader import SessionFile
from breathcore.session import reception, registry
from breathcore.session.plan import SessionPlan
from breathcore.session.recording import open_session
from breathcore.session.replaying import check, replay_to
from breathcore.session.simulated import SimulatedRun, run_simulated
from breathcore.source.sim.faults import FaultSpec
from breathcore.source.sim.spec import WearerSpec

Run = Callable[..., SimulatedRun]
WEARERS = [
    pytest.param(WearerSpec(seed=21), FaultSpec(), id="clean"),
    pytest.param(
        WearerSpec(seed=22, inhale_sign=-1),
        FaultSpec(loss=0.02, duplication=0.02, reordering=0.02, link_lost=((150.0, 160.0),), jitter_s=0.03),
        id="upside down on a bad link",
    ),
]


def derived(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with SessionFile.open(path) as file:
        return file.derived_rows()


@pytest.mark.parametrize(("wearer", "faults"), WEARERS)
def test_replay_with_all_derived_tables_dropped_gives_them_again_bit_by_bit(
    simulate: Run, tmp_path: Path, wearer: WearerSpec, faults: FaultSpec
) -> None:
    run = simulate(wearer, faults)
    bare, again = tmp_path / "bare.breath", tmp_path / "again.breath"
    shutil.copy(run.path, bare)
    drop_derived(bare)
    assert not any(derived(bare).values())
    replay_to(bare, again)
    live = derived(run.path)
    assert derived(again) == live
    assert sum(len(rows) for rows in live.values()) > 500


@pytest.mark.parametrize(("wearer", "faults"), WEARERS)
def test_reanalysis_in_big_blocks_gives_the_live_estimates(
    simulate: Run, tmp_path: Path, wearer: WearerSpec, faults: FaultSpec
) -> None:
    run = simulate(wearer, faults)
    with SessionFile.open(run.path) as file:
        live = file.derived()
    session = open_session(run.path)
    rates = [e for e in session.estimates if isinstance(e, RateEstimate)]
    assert repr(rates) == repr(list(live.rates))
    breaths = [e for e in session.estimates if isinstance(e, Breath)]
    assert repr(breaths) == repr(list(live.breaths))
    effort = np.concatenate([e.y for e in live.efforts])
    assert np.array_equal(session.analyse().effort_y, effort)


def test_a_decoder_altered_on_purpose_changes_the_estimates(
    simulate: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = simulate(WearerSpec(seed=21))
    make = reception.make_codec

    def tampered(endpoint: EndpointSpec) -> Codec:
        codec = make(endpoint)
        receive = codec.receive

        def half(packet: Packet) -> Received:
            received = receive(packet)
            blocks = tuple(replace(b, x=b.x * [1.0, 1.0, 0.5]) if b.x.shape[1] == 3 else b for b in received.blocks)
            return replace(received, blocks=blocks)

        monkeypatch.setattr(codec, "receive", half)
        return codec

    monkeypatch.setattr(reception, "make_codec", tampered)
    assert not all(table.same for table in check(run.path))


def test_the_same_seed_gives_the_same_session_at_any_speed(tmp_path: Path) -> None:
    def packets(name: str, speed: float | None) -> list[object]:
        plan = SessionPlan(registry.drill("brace_hold"), minutes=0.25, wearer="simulated")
        device = registry.device("polar_h10")
        run_simulated(plan, device, WearerSpec(seed=23), tmp_path / f"{name}.breath", speed=speed)
        with SessionFile.open(tmp_path / f"{name}.breath") as file:
            return list(file.inputs())

    assert packets("fast", None) == packets("paced", 60.0)


def test_another_seed_gives_another_session(simulate: Run) -> None:
    first, second = (open_session(simulate(WearerSpec(seed=s)).path) for s in (21, 24))
    assert not np.array_equal(first.samples(Role.CHEST_ACC)[0].x, second.samples(Role.CHEST_ACC)[0].x)
