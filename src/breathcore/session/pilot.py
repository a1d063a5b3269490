"""Presses the buttons of a session that nobody watches: calibrate, start, leave."""

from breathcore.model.drill import CommandKind, Stage
from breathcore.session.pipeline import Pipeline

BEFORE_S = 40.0  # of quiet breathing before the drill, for the rate before
PATIENCE_S = 60.0  # for a signal good enough to calibrate; then the drill starts unmeasured
AFTER_S = 40.0  # of quiet breathing afterwards, for the rate after
RETRY_S = 5.0


class Pilot:
    """Asked after every tick; returns the next command, or None."""

    def __init__(self, *, after_s: float = AFTER_S) -> None:
        self._after_s = after_s
        self._asked_s = float("-inf")
        self._finished_s: float | None = None

    def __call__(self, pipeline: Pipeline) -> CommandKind | None:
        """Return what to press now."""
        now_s, stage = pipeline.now_s, pipeline.stage
        if stage is Stage.FINISHED:
            return self._leave(now_s)
        if now_s - self._asked_s < RETRY_S:
            return None
        command = self._next(pipeline, now_s, stage)
        if command is not None:
            self._asked_s = now_s
        return command

    def _next(self, pipeline: Pipeline, now_s: float, stage: Stage) -> CommandKind | None:
        if stage is Stage.WAITING:
            if not pipeline.breath_measured or now_s > PATIENCE_S:
                return CommandKind.START
            return CommandKind.CALIBRATE if now_s >= BEFORE_S and pipeline.signal_good else None
        if stage is not Stage.READY:
            return None
        if pipeline.wants_calibration and now_s <= PATIENCE_S:
            return CommandKind.CALIBRATE if now_s >= BEFORE_S and pipeline.signal_good else None
        return CommandKind.START

    def _leave(self, now_s: float) -> CommandKind | None:
        if self._finished_s is None:
            self._finished_s = now_s
        return CommandKind.END if now_s - self._finished_s >= self._after_s else None
