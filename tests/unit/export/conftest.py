"""One minute of a session with a gap, a refused stretch and words in it."""

from datetime import datetime, timedelta, timezone
from math import nan

import numpy as np
import pytest

from breathcore.export.data import ExportData, Track
from breathcore.model.arrays import frozen
from breathcore.model.device import Role
from breathcore.model.drill import DrillPhase, TargetPhase
from breathcore.model.estimates import Breath, HeartEstimate, RateEstimate, Refusal
from breathcore.record.items import Mark, Note, Outcome, Ratings

DURATION_S = 60.0


def _acc() -> Track:
    t_s = np.arange(0, DURATION_S, 0.005) + 0.0021  # samples lie between the grid points
    t_s = t_s[(t_s < 20.0) | (t_s >= 23.0)]
    tilt = 0.02 * np.sin(2 * np.pi * 0.1 * t_s)
    x = np.column_stack([tilt, np.cos(tilt), 0.3 + 0 * t_s])
    gap_at = (int(np.searchsorted(t_s, 21.0)),)
    return Track("acc", Role.CHEST_ACC, "g", ("x", "y", "z"), 200.0, frozen(t_s), frozen(x), gap_at, "A")


def _ecg() -> Track:
    t_s = np.arange(round(DURATION_S * 130)) / 130
    x = np.round(800 * np.sin(2 * np.pi * 1.1 * t_s))[:, None]
    return Track("ecg", Role.ECG, "µV", ("",), 130.0, frozen(t_s), frozen(x), (), "A")


def _trace() -> Track:
    t_s = np.arange(0.02, DURATION_S, 0.04)
    return Track("breath", None, "deg", ("",), 25.0, frozen(t_s), frozen(np.sin(t_s)[:, None]), (), "A")


def _rr() -> Track:
    t_s = np.arange(1.0, 59.0, 0.9)
    return Track("rr", Role.RR, "s", ("",), 0.0, frozen(t_s), frozen(np.full((len(t_s), 1), 0.9)), (), "A")


def _rates() -> tuple[RateEstimate, ...]:
    early = [RateEstimate(float(t), nan, nan, 0.0, Refusal.TOO_SHORT) for t in range(10)]
    return (*early, *(RateEstimate(t + 0.0, 6.0 + 0.01 * t, 6.1, 0.9) for t in range(10, 60)))


@pytest.fixture
def data() -> ExportData:
    return ExportData(
        start=datetime(2026, 3, 4, 5, 6, 7, 250_000, timezone(timedelta(hours=2))),
        duration_s=DURATION_S,
        software="breathcore 0.1.0",
        person="Jörg Weiß",
        drill="Slow breathing",
        sensors=("Polar H10",),
        tracks=(_acc(), _ecg(), _rr()),
        traces=(_trace(),),
        rates=_rates(),
        hearts=(HeartEstimate(1.0, 66.0, 0.9, 0.9, "A"), HeartEstimate(2.0, 67.0, 0.9, 0.9, "A")),
        breaths=(
            Breath(10.0, 14.0, 20.0, 2.0, 15.0, 0.9),
            Breath(24.0, 28.0, nan, 2.0, 29.0, 0.9),
        ),
        phases=(
            TargetPhase(DrillPhase.INHALE, 10.0, 14.0, 0.0, 1.0, 0, 0, True),
            TargetPhase(DrillPhase.EXHALE, 14.0, 20.0, 1.0, 0.0, 0, 0, True),
        ),
        marks=(Mark(30.5, 'cough, "loud"\nünd'),),
        notes=(Note(nan, "slept badly"),),
        ratings=Ratings(pain=2),
        outcome=Outcome(14.0, 6.0, nan, 88.0, "completed"),
    )
