"""Whole sessions of a simulated wearer with sensors round the trunk: who presses what when, and what was seen."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from breathcore.feedback.trunk_view import TrunkView
from breathcore.model.device import DeviceSpec, Place, worn
from breathcore.model.drill import CommandKind, Stage
from breathcore.record.reader import Derived, SessionFile
from breathcore.session import registry
from breathcore.session.bridge import Bridge
from breathcore.session.pipeline import Pipeline
from breathcore.session.plan import SessionPlan
from breathcore.session.result import SessionResult
from breathcore.session.runner import LiveSession
from breathcore.source.sim.faults import NO_FAULTS, FaultSpec
from breathcore.source.sim.source import SimSource
from breathcore.source.sim.spec import WearerSpec
from breathcore.source.sim.trunk.draw import draw_trunk
from breathcore.source.sim.trunk.live import NOTHING
from breathcore.source.sim.trunk.script import Script
from breathcore.source.sim.trunk.spec import TrunkSpec
from breathcore.source.sim.trunk.wearer import TrunkWearer

Devices = Sequence[tuple[str, DeviceSpec]]
CALIBRATE_S, START_S = 12.0, 74.0  # session time: a calibration takes up to 57 s
BEGIN_S = START_S + 3.0  # the first phase
SLOW = replace(draw_trunk(4), rate_bpm=6.8)  # who breathes slowly anyway needs no glide: short sessions


@dataclass(frozen=True)
class Press:
    """A command with its text, given once as soon as `when` says so."""

    kind: CommandKind
    text: str
    when: Callable[[Pipeline], bool]


def at(t_s: float, kind: CommandKind, text: str = "") -> Press:
    """Return a press at a session time."""
    return Press(kind, text, lambda pipeline: pipeline.now_s >= t_s)


@dataclass
class Seen:
    """What was on the screen, tick by tick: (time, stage, trunk)."""

    frames: list[tuple[float, Stage, TrunkView]] = field(default_factory=list)

    def notices(self) -> set[str]:
        """Return the ids of all notices."""
        return {v.notice.id for _, _, v in self.frames if v.notice is not None}

    def between(self, start_s: float, end_s: float) -> list[TrunkView]:
        """Return the views of a stretch."""
        return [v for t, _, v in self.frames if start_s <= t < end_s]


@dataclass(frozen=True)
class Trained:
    """A session that is over."""

    path: Path
    derived: Derived
    result: SessionResult
    seen: Seen
    truth: TrunkWearer
    stages: tuple[tuple[float, str], ...]


def straps(*, pelvis: str = "", chest: bool = True, waist: bool = True) -> Devices:
    """Return a ring of straps with accelerometers (few packets: fast), and belts round chest and waist."""
    belts = (("chest-belt", Place.STERNUM, chest), ("waist-belt", Place.NAVEL, waist))
    found = [(key, worn(registry.device("vernier_gdx_rb"), place)) for key, place, there in belts if there]
    for place in (Place.LEFT, Place.RIGHT, Place.BACK):
        found.append((place.value, worn(registry.device("polar_h10"), place)))
    return [*found, ("pelvis", worn(registry.device(pelvis), Place.PELVIS))] if pelvis else found


def train(
    drill_id: str,
    path: Path,
    devices: Devices,
    *,
    form: str = "",
    minutes: float = 0.5,
    seed: int = 4,
    spec: TrunkSpec | None = None,
    happens: Script = NOTHING,
    faults: FaultSpec | Mapping[str, FaultSpec] = NO_FAULTS,
    presses: Sequence[Press] = (),
    previous: Mapping[str, float] | None = None,
    after_s: float = 0.0,
    start_s: float = START_S,
    person: str = "",
) -> Trained:
    """Run a session: calibrated at `CALIBRATE_S`, begun at `start_s`, left `after_s` after its end."""
    drill = registry.drill(drill_id)
    movement = "" if drill.movement is None else drill.movement.kind
    trunk = draw_trunk(seed) if spec is None else spec
    source = SimSource(devices, WearerSpec(seed=seed), faults, trunk=trunk, movement=movement, happens=happens)
    plan = SessionPlan(drill, form, minutes, person, wearer="simulated", previous=previous or {})
    bridge, seen, left = Bridge(), Seen(), list(presses)
    finished_s: list[float] = []

    def pilot(pipeline: Pipeline) -> CommandKind | None:
        stage, now_s = pipeline.stage, pipeline.now_s
        if bridge.latest is not None and bridge.latest.trunk is not None:
            seen.frames.append((now_s, stage, bridge.latest.trunk))
        for press in [p for p in left if p.when(pipeline)]:
            left.remove(press)
            bridge.command(press.kind, press.text)
        if stage is Stage.FINISHED:
            finished_s.append(now_s)
            return CommandKind.END if now_s - finished_s[0] >= after_s else None
        wanted = stage is Stage.WAITING or pipeline.wants_calibration
        if wanted and CALIBRATE_S <= now_s < CALIBRATE_S + 5.0:
            return CommandKind.CALIBRATE if pipeline.signal_good else None
        begins = stage in (Stage.READY, Stage.WAITING) and now_s >= start_s
        return CommandKind.START if begins else None

    session = LiveSession(plan, source, path, bridge, pace=None, pilot=pilot)
    asyncio.run(session.run())
    with SessionFile.open(path) as file:
        stages = tuple((e.t_s, e.value) for e in file.drill_events() if e.kind.value == "stage")
        derived = file.derived()
    result = session.pipeline.result()
    assert source.simulation.trunk is not None
    return Trained(path, derived, result, seen, source.simulation.trunk, stages)
