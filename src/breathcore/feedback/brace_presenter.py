"""Estimates of the brace → what a frame's gauge shows of it."""

import math
from dataclasses import replace

from breathcore.feedback.trunk_view import BraceView, CalibrationView
from breathcore.model.drill import TargetPhase
from breathcore.model.message import Message, message
from breathcore.model.trunk import BraceCalibration, BraceEstimate, Unmeasured

ON_AND_OFF = (Unmeasured.UNSURE, Unmeasured.LONE, Unmeasured.SMALL)  # with these, they are told, the level is not
STANDS_S = 6.0  # a level goes on standing for about a breath while the next is not sure
LIVE_S = 2.0  # what is older is not shown


class BracePresenter:
    """Keeps the newest of the brace and its calibration; pure, time passed in.

    Parameters
    ----------
    seen : bool
        Whether anything that is worn shows a brace.
    beside : bool
        Whether a sensor on the ribs shows the breath beside it.
    """

    def __init__(self, *, seen: bool, beside: bool = False) -> None:
        self._seen = seen
        self._beside = beside
        self._firm: BraceCalibration | None = None
        self._told: BraceEstimate | None = None
        self._sure: BraceEstimate | None = None  # the last one whose level was told

    def on_calibration(self, calibration: BraceCalibration) -> None:
        """Take what a calibration came to."""
        self._firm = calibration

    def on_estimate(self, estimate: BraceEstimate) -> None:
        """Take an estimate."""
        self._told = estimate
        self._sure = self._sure if math.isnan(estimate.level) else estimate

    @property
    def known(self) -> bool:
        """Whether on and off at least are told."""
        return self._told is not None and self._tells(self._told)

    def strains(self, now_s: float) -> bool:
        """Return whether the force is high and no breath goes."""
        return self._told is not None and self._told.strain and now_s - self._told.t_s <= LIVE_S

    def result(self) -> CalibrationView | None:
        """Return what the last calibration of the brace came to, None where there was none."""
        if self._firm is None:
            return None
        return CalibrationView(None, message=None if self._firm.reason is None else _why(self._firm.reason))

    def view(self, now_s: float, phase: TargetPhase | None) -> BraceView:
        """Return the gauge in `phase`."""
        zone = None if phase is None else phase.brace
        told = self._told
        if not self._seen:
            return BraceView(zone=zone, message=message("brace.self-rated"))
        if told is None or now_s - told.t_s > LIVE_S:
            return BraceView(zone=zone, message=_why(Unmeasured.NOT_CALIBRATED if told is None else Unmeasured.NO_DATA))
        if not self._tells(told):
            return BraceView(zone=zone, message=_why(told.reason or Unmeasured.NO_DATA))
        seen = BraceView(
            None, zone, told.on, told.held_s, None if math.isnan(told.drift) else told.drift, told.breathing,
            told.strain, message("brace.strain") if told.strain else None,
        )  # fmt: skip
        level = self._standing(told)
        if level is None:
            return replace(seen, message=message(f"brace.{'on' if told.on else 'off'}-{self._why_no_level(told)}"))
        return replace(seen, level=level, word=seen.word or _word(level, zone, on=told.on))

    def _tells(self, told: BraceEstimate) -> bool:
        """Return whether on and off at least are told; a calibration refused as `small` leaves not even them."""
        refused = self._firm is not None and self._firm.reason is not None
        return told.reason is None or (told.reason in ON_AND_OFF and not refused)

    def _why_no_level(self, told: BraceEstimate) -> str:
        """Return why only on and off are told; a sensor on the ribs may be worn and not fit what the belt does."""
        if told.reason is Unmeasured.LONE and self._beside:
            return "apart"
        return (told.reason or Unmeasured.UNSURE).value

    def _standing(self, told: BraceEstimate) -> float | None:
        """Return the level, or the last that was sure while it is as old as a breath and the brace has not changed."""
        sure = self._sure
        never = told.reason in (Unmeasured.LONE, Unmeasured.SMALL)
        if never or sure is None or told.t_s - sure.t_s > STANDS_S or sure.on is not told.on:
            return None
        return max(0.0, sure.level)  # a little below rest is shown as rest


def _why(reason: Unmeasured) -> Message:
    return message(f"trunk.{reason.value}")


def _word(level: float, zone: tuple[float, float] | None, *, on: bool) -> Message:
    if zone is None:
        return message("brace.let-go" if on else "brace.soft")
    low, high = zone
    return message("brace.more" if level < low else "brace.less" if level > high else "brace.in-zone")
