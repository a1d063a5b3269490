"""A recorded session computed again, item by item, through the live pipeline."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from breathcore import __version__
from breathcore.model.errors import Reason, SessionFileError
from breathcore.model.message import Message, message
from breathcore.record.reader import SessionFile
from breathcore.record.schema import SCHEMA_VERSION
from breathcore.record.writer import SessionWriter
from breathcore.session.capture import CaptureChain
from breathcore.session.pipeline import Pipeline
from breathcore.session.plan import SessionPlan, kept_ranges, kept_side
from breathcore.session.reception import Outbound
from breathcore.session.result import SessionResult
from breathcore.session.runner import Chain

REPORT_EVERY_N = 5000
IMPORTED = "import"


@dataclass(frozen=True, slots=True)
class TableCheck:
    """One derived table: rows stored by the live session, rows computed again, and whether all are the same.

    Of a recording that was cut short all that was stored must be the same; what its last moments lack may follow.
    """

    table: str
    stored_n: int
    again_n: int
    same: bool


def plan_of(file: SessionFile) -> SessionPlan:
    """Return the plan a session was run by. Raises SessionFileError (NO_DRILL) for a recording without a drill."""
    meta = file.meta
    if meta.drill is None:
        raise SessionFileError(Reason.NO_DRILL, path=str(file.path))
    return SessionPlan(
        meta.drill, meta.pattern_id, meta.minutes, meta.person, meta.language, wearer="simulated",
        first=kept_side(meta.more), previous=kept_ranges(meta.more), facts=meta.more,
    )  # fmt: skip


def chain_of(file: SessionFile) -> Chain:
    """Return a new chain of the kind that `file` was recorded with: that of a drill, or of none.

    Raises SessionFileError (NO_DRILL) for an import: no chain has ever run over it.
    """
    if file.meta.source == IMPORTED:
        raise SessionFileError(Reason.NO_DRILL, path=str(file.path))
    if file.meta.drill is None:
        return CaptureChain(file.devices, file.meta.t0_host_ns)
    return Pipeline(plan_of(file), file.devices, file.meta.t0_host_ns)


def replay_to(path: Path, out: Path, progress: Callable[[float], None] = lambda _: None) -> None:
    """Push everything that happened in `path` through a new chain and record what follows in `out`."""
    with SessionFile.open(path) as file:
        chain = chain_of(file)
        with SessionWriter(out, file.meta, file.devices) as writer:
            for n, item in enumerate(file.inputs()):
                writer.put(item)
                for output in chain.push(item):
                    if not isinstance(output, Outbound):
                        writer.put(output)
                if n % REPORT_EVERY_N == 0:
                    progress(min(1.0, chain.now_s / max(1.0, file.duration_s)))
            for output in chain.flush():
                if not isinstance(output, Outbound):
                    writer.put(output)
    if writer.error is not None:
        raise writer.error


def check(path: Path, progress: Callable[[float], None] = lambda _: None) -> tuple[TableCheck, ...]:
    """Compute a session again from its packets and compare every derived value with what is stored, bit by bit."""
    with TemporaryDirectory(prefix="breathcore-") as folder:
        again_path = Path(folder) / "again.breath"
        replay_to(path, again_path, progress)
        with SessionFile.open(path) as file, SessionFile.open(again_path) as again:
            stored, computed, cut_short = file.derived_rows(), again.derived_rows(file), file.cut_short
    return tuple(
        TableCheck(name, len(rows), len(found), rows == (found[: len(rows)] if cut_short else found))
        for name, rows in stored.items()
        for found in (computed.get(name, []),)
    )


def other_version(file: SessionFile) -> Message | None:
    """Return the sentence about numbers that another breathcore computed, None where this one did.

    Other numbers then need no fault. What changed within one version and one form of the file cannot be told.
    """
    made = file.meta.software_version
    if (made, file.schema_version) == (__version__, SCHEMA_VERSION):
        return None
    return message(
        "replay.other-version",
        file=file.path.name,
        made=made,
        form=file.schema_version,
        now=__version__,
        known=SCHEMA_VERSION,
    )


def result_of(path: Path) -> SessionResult:
    """Return what a recorded session came to, computed again from what happened."""
    with SessionFile.open(path) as file:
        pipeline = Pipeline(plan_of(file), file.devices, file.meta.t0_host_ns)
        for item in file.inputs():
            pipeline.push(item)
    pipeline.flush()
    return pipeline.result()
