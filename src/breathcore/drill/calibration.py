"""The schedule of a range calibration, as data: what is cued, what is painted, what the calibrator looks at."""

from breathcore.model.drill import DrillPhase, TargetPhase, Timeline

INHALE_S = 4.0
EXHALE_S = 5.0
DEEP_BREATH_S = INHALE_S + EXHALE_S
CALIBRATION_S = 20.0
PATIENCE_S = 10.0  # after that, for the range to arrive


def calibration_timeline(start_s: float) -> Timeline:
    """Return the one deep breath that a calibration begins with; quiet breathing follows until `CALIBRATION_S`."""
    top_s = start_s + INHALE_S
    return Timeline(
        (
            TargetPhase(DrillPhase.INHALE, start_s, top_s, 0.0, 1.0, 0, 0, scored=False),
            TargetPhase(DrillPhase.EXHALE, top_s, start_s + DEEP_BREATH_S, 1.0, 0.0, 0, 0, scored=False),
        )
    )
