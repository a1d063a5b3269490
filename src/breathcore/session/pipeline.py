"""The whole pure chain for one person: items in the order they happened → what follows from them.

`push` depends only on the sequence of items: ticks lie on a fixed 50-ms grid of session time and are made here, so a
replay of a recording, at any speed, gives the same effects, estimates and frames as the live session did.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from breathcore.drill.engine import DrillState, advance, initial
from breathcore.drill.items import Command, DrillItem, RecordingFailed, SignalChanged, Tick
from breathcore.drill.scoring import score_drill
from breathcore.estimate.calibration import RangeCalibrator
from breathcore.estimate.chain import PersonEstimator
from breathcore.feedback.drill_view import drill_view, notice, visible_target
from breathcore.feedback.frame import FeedbackFrame
from breathcore.feedback.presenter import Presenter
from breathcore.feedback.watch import SignalWatch
from breathcore.model.blocks import SampleBlock
from breathcore.model.device import DeviceSpec
from breathcore.model.drill import CommandKind, Effect, EffectKind, Score, Stage, UserCommand
from breathcore.model.estimates import (
    Breath,
    BreathRange,
    EffortBlock,
    Estimate,
    Polarity,
    RateEstimate,
    Refusal,
    Turn,
)
from breathcore.model.message import message
from breathcore.model.packets import Advance, LinkEvent, LinkKind, Packet
from breathcore.record.items import RecordedFault
from breathcore.session.plan import SessionPlan
from breathcore.session.reception import Outbound, Reception
from breathcore.session.result import SessionResult, make_result

TICK_S = 0.05


@dataclass(frozen=True, slots=True)
class RecorderFailed:
    """The recorder can write no more."""

    t_host_ns: int


PipelineInput = Packet | LinkEvent | Advance | UserCommand | RecorderFailed
SessionItem = Outbound | Effect | RecordedFault | LinkEvent | Estimate | Polarity | Score
