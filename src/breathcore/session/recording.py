"""A recorded session, opened for analysis: packets → samples → estimates, by the live code."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from breathcore.drill.calibration import CALIBRATION_S, DEEP_BREATH_S, INHALE_S
from breathcore.estimate.calibration import RangeCalibrator
from breathcore.estimate.chain import PersonEstimator
from breathcore.estimate.offline import Analysis, collect, estimate_blocks
from breathcore.model.blocks import SampleBlock
from breathcore.model.device import Role
from breathcore.model.drill import Effect, EffectKind, Stage
from breathcore.model.estimates import EffortBlock, Estimate, Polarity
from breathcore.model.message import Message
from breathcore.model.packets import LinkEvent, Packet
from breathcore.record.items import Mark, Note, Outcome, Ratings, RecordedFault, SessionMeta
from breathcore.record.reader import Derived, SessionFile
from breathcore.session.pacing import paces
from breathcore.session.reception import Reception
from breathcore.session.replaying import IMPORTED, replay_to


@dataclass(frozen=True, slots=True, eq=False)
class Received:
    """All samples of a recording, in the order they came, and what could not be read."""

    blocks: tuple[SampleBlock, ...]
    faults: tuple[RecordedFault, ...]


class Session:
    """A session file, read.

    Attributes
    ----------
    path : Path
    meta : SessionMeta
        Start, person, drill, versions.
    duration_s : float
        Session time of the last thing recorded.
    cut_short : bool
        Whether the recording was never ended in order; what was written before is all there.
    notice : Message | None
        What is wrong with the file, if anything, as a message ("cut short").
    lacks : Message | None
        What a file of an earlier form does not hold, as a message.
    effects, marks, notes, ratings, outcome
        The drill's events, the person's marks, notes and ratings, the numbers shown at its end.

    Samples and estimates are computed from the packets when first asked for: the packets are the truth, what the live
    session had stored of its estimates is not read, except as `told`.
    """

    def __init__(self, file: SessionFile) -> None:
        self.path = file.path
        self.meta: SessionMeta = file.meta
        self.devices = file.devices
        self.duration_s = file.duration_s
        self.cut_short = file.cut_short
        self.notice: Message | None = file.message
        self.lacks: Message | None = file.lacks
        self.effects: tuple[Effect, ...] = file.drill_events()
        self.marks: tuple[Mark, ...] = file.marks()
        self.notes: tuple[Note, ...] = file.notes()
        self.ratings: Ratings = file.ratings()
        self.outcome: Outcome = file.outcome()
        self._received = receive(file)

    @property
    def faults(self) -> tuple[RecordedFault, ...]:
        """Packets that could not be used, and why."""
        return self._received.faults

    @cached_property
    def blocks(self) -> tuple[SampleBlock, ...]:
        """One block for each unbroken stretch of each channel, by channel, in order of time."""
        return tuple(merged(self._received.blocks))

    @cached_property
    def _estimated(self) -> tuple[PersonEstimator, tuple[Estimate, ...]]:
        channels = tuple(c for _, spec in self.devices for c in spec.channels)
        person = PersonEstimator(channels)
        paced = [pace for effect in self.effects for pace in paces(effect)]
        found = estimate_blocks(person, self.blocks, self.duration_s, paced)
        turned = polarities(found, self.effects)
        if not turned:
            return person, found
        person = PersonEstimator(channels)  # the strap was worn upside down from the start: read it again, turned
        return person, estimate_blocks(person, self.blocks, self.duration_s, [*turned, *paced])

    @property
    def estimates(self) -> tuple[Estimate, ...]:
        """Everything that is estimated of the whole session, as it was live.

        Identical to what was shown then, unless a sensor's samples came over 5 s later than another's: live, the second
        was told without them.
        """
        return self._estimated[1]

    def analyse(self) -> Analysis:
        """Return rate, breaths, trace and heart of the whole session, identical to what it showed live."""
        person, found = self._estimated
        return collect(found, person)

    @cached_property
    def told(self) -> Derived:
        """Everything that the live session said, as it was stored: ribs, brace, movement and scores among it.

        Computed again where that was dropped from the file. A file of an earlier form has none of what it did not know.
        """
        with SessionFile.open(self.path) as file:
            if file.computed or file.meta.source == IMPORTED:
                return file.derived()
        with TemporaryDirectory(prefix="breathcore-") as folder:
            again = Path(folder) / self.path.name
            replay_to(self.path, again)
            with SessionFile.open(again) as file:
                return file.derived()

    def samples(self, role: Role) -> tuple[SampleBlock, ...]:
        """Return the unbroken stretches of the channel with `role`, none where it was not recorded."""
        return tuple(b for b in self.blocks if b.channel.role is role)


def open_session(path: Path | str) -> Session:
    """Open a session file.

    Raises
    ------
    SessionFileError
        SESSION_MISSING, SESSION_FOREIGN, SESSION_NEWER, SESSION_WAL_MISSING, SESSION_IN_USE or SESSION_DAMAGED.
    """
    with SessionFile.open(Path(path)) as file:
        return Session(file)


def receive(file: SessionFile) -> Received:
    """Decode a recording's packets and put their samples on the session clock."""
    reception = Reception(file.devices, file.meta.t0_host_ns)
    blocks: list[SampleBlock] = []
    faults: list[RecordedFault] = []
    for item in file.inputs(advances=False):
        if isinstance(item, Packet | LinkEvent):
            reading = reception.push(item)
            blocks += reading.blocks
            faults += reading.faults
    blocks += reception.flush()
    return Received(tuple(blocks), tuple(faults))


def merged(blocks: Iterable[SampleBlock]) -> Iterable[SampleBlock]:
    """Yield one block for each unbroken stretch of each channel (estimators do not mind how a stream was cut)."""
    stretches: dict[str, list[list[SampleBlock]]] = defaultdict(list)
    for block in blocks:
        runs = stretches[block.channel.id]
        if not runs or block.gap_before:
            runs.append([])
        runs[-1].append(block)
    for runs in stretches.values():
        for run in runs:
            yield _joined(run)


def _joined(run: Sequence[SampleBlock]) -> SampleBlock:
    first = run[0]
    t_s = np.concatenate([b.t_s for b in run])
    t_s.flags.writeable = False
    return SampleBlock(first.channel, t_s, np.concatenate([b.x for b in run]), first.gap_before)


def polarities(found: Iterable[Estimate], effects: Iterable[Effect]) -> tuple[Polarity, ...]:
    """Return what the session's calibrations said of the trace's direction, as the live session found it."""
    efforts = [e for e in found if isinstance(e, EffortBlock)]
    sign, told = 1, []
    for start_s in (e.t_s for e in effects if e.kind is EffectKind.STAGE and e.value == Stage.CALIBRATING):
        calibrator = RangeCalibrator(start_s, CALIBRATION_S, INHALE_S, DEEP_BREATH_S)
        answers = (a for block in efforts for a in calibrator.push(signed(block, sign)))
        for polarity in (a for a in answers if isinstance(a, Polarity)):
            sign *= polarity.sign
            told.append(Polarity(polarity.t_s, polarity.source, sign))
    return tuple(told)


def signed(block: EffortBlock, sign: int) -> EffortBlock:
    """Return the block as it is once the trace has been turned round."""
    return block if sign == 1 else replace(block, y=-block.y)
