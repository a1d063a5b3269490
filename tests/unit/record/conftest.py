"""Values of every type a session file holds."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from math import nan
from pathlib import Path

import numpy as np
import pytest

from breathcore.model.arrays import frozen
from breathcore.model.blocks import FaultReason
from breathcore.model.device import (
    ChannelSpec,
    CharacteristicSpec,
    CharacteristicUse,
    ClockKind,
    DeviceSpec,
    EndpointSpec,
    MatchSpec,
    Role,
)
from breathcore.model.drill import (
    CommandKind,
    DoseSpec,
    DrillPhase,
    DrillSpec,
    Effect,
    EffectKind,
    PatternSpec,
    PhaseSpec,
    SafetySpec,
    Score,
    ScorePart,
    TargetPhase,
    Timeline,
    UserCommand,
)
from breathcore.model.estimates import (
    Breath,
    BreathKind,
    BreathRange,
    EffortBlock,
    HeartEstimate,
    PhaseEstimate,
    PhaseKind,
    Polarity,
    RateEstimate,
    Refusal,
    Turn,
)
from breathcore.model.packets import Advance, Direction, LinkEvent, LinkKind, Packet
from breathcore.record.items import (
    Estimated,
    Input,
    Outcome,
    RecordedFault,
    SessionMeta,
)
from breathcore.record.writer import SessionWriter

T0 = 7_000_000_000_123


def _drill() -> DrillSpec:
    phases = (
        PhaseSpec(DrillPhase.INHALE, 4.0, {"en": "in", "de": "ein"}),
        PhaseSpec(DrillPhase.EXHALE, 6.0, {"en": "out", "de": "aus"}),
    )
    return DrillSpec(
        id="slow",
        title={"en": "Slow", "de": "Langsam"},
        purpose={"en": "calm"},
        position={"en": "sit"},
        patterns=(PatternSpec("slow", {"en": "Slow"}, phases),),
        dose=DoseSpec(sets=1, rest_s=0.0, minutes=5.0),
        safety=SafetySpec(avoid_if=("pregnancy",)),
        paced=True,
        glide=True,
        band=0.15,
        depth_band=(0.6, 1.1),
        measures=("breath",),
    )


def _strap() -> DeviceSpec:
    channel = ChannelSpec(
        "acc", Role.CHEST_ACC, "g", ("x", "y", "z"), 200.0, 0.18, {"sample_rate": 200}, (0.1, -0.9, 0.3)
    )
    characteristic = CharacteristicSpec("data", "0000-1", (CharacteristicUse.NOTIFY,))
    endpoint = EndpointSpec("pmd", "pmd", "0000-0", (characteristic,), (channel,))
    match = MatchSpec(("Strap",), ("180d",), 107)
    return DeviceSpec("strap", "Strap Ü", match, (endpoint,), "chest", ClockKind.SAMPLE_STAMP, 2.0, ("q",), ("e",))


@dataclass(frozen=True)
class Samples:
    meta: SessionMeta
    devices: tuple[tuple[str, DeviceSpec], ...]
    inputs: tuple[Input, ...]
    effects: tuple[Effect, ...]
    derived: tuple[Estimated, ...]


@pytest.fixture(scope="session")
def samples() -> Samples:
    timeline = Timeline((TargetPhase(DrillPhase.INHALE, 1.0, 5.0, 0.0, 1.0, 0, 0, True),))
    score = Score(87.5, 0.93, (ScorePart("timing", 0.6, 0.9), ScorePart("depth", 0.4, None)), 12)
    return Samples(
        SessionMeta(
            start=datetime(2026, 3, 4, 5, 6, 7, 250_000, timezone(timedelta(hours=2))),
            t0_host_ns=T0,
            software_version="0.1.0",
            source="sim",
            language="de",
            person="Grünspecht",
            drill=_drill(),
            pattern_id="slow",
            minutes=5.0,
            screening={"outcome": "clear", "flags": 0},
            more={"seed": 4},
        ),
        (("A", _strap()), ("B", _strap())),
        (
            LinkEvent("A", T0, LinkKind.CONNECTED),
            Packet("A", "pmd.control", Direction.WRITE, T0 + 1, b"\x01\x00"),
            Packet("A", "pmd.data", Direction.NOTIFY, T0 + 2, bytes(range(256))),
            Advance(T0 + 50_000_000),
            UserCommand(CommandKind.MARK, T0 + 2_000_000_000, "cough\n„oh“"),
            Packet("B", "pmd.control", Direction.READ, T0 + 2_500_000_000, b""),
            UserCommand(CommandKind.NOTE, T0 + 3_000_000_000, "a note"),
            UserCommand(CommandKind.RATINGS, T0 + 3_000_000_001, '{"pain": 2, "effort": 7}'),
            LinkEvent("B", T0 + 4_000_000_000, LinkKind.LOST, "gone"),
            Advance(T0 + 4_050_000_000),
        ),
        (
            Effect(EffectKind.STAGE, 0.5, "running"),
            Effect(EffectKind.TARGET, 1.0, "", timeline),
        ),
        (
            RateEstimate(1.0, nan, nan, 0.0, Refusal.TOO_SHORT),
            RateEstimate(40.1, 6.02, 1 / 3, 0.9),
            Breath(1.1, 3.0, nan, 0.4, 3.2, 0.9, BreathKind.SIGH, 0.1, nan),
            Turn(PhaseKind.INHALE, 1.1, -0.2, 1.6),
            PhaseEstimate(1.5, PhaseKind.EXHALE, 0.4),
            HeartEstimate(1.5, 61.0, nan, 0.8, "A"),
            EffortBlock("A", frozen([0.1, 0.14]), frozen([-1e-300, np.pi]), usable=True, gap_before=False),
            EffortBlock("A", frozen([]), frozen([]), usable=False, gap_before=True),
            BreathRange(20.0, nan, nan, Refusal.FLAT),
            Polarity(21.0, "A", -1),
            score,
            Score(None, None, ()),
            RecordedFault("A", 1.2, FaultReason.TRUNCATED, "pmd.data", 3, "short"),
            Outcome(14.0, 6.0, nan, 87.5, "completed"),
        ),
    )


@pytest.fixture
def written(samples: Samples, tmp_path: Path) -> Callable[..., Path]:
    """Write a finished session with everything in it."""

    def write(name: str = "session.breath") -> Path:
        path = tmp_path / name
        with SessionWriter(path, samples.meta, samples.devices) as writer:
            for item in (*samples.inputs, *samples.effects, *samples.derived):
                writer.put(item)
        assert writer.error is None
        return path

    return write
