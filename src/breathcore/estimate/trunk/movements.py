"""What each movement can be measured by, its usual range, what is scored of it and what is not."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from breathcore.model.device import Place
from breathcore.model.drill import DrillPhase
from breathcore.model.trunk import Unmeasured

_TRUNK = (Place.STERNUM, Place.BACK, Place.LEFT, Place.RIGHT, Place.NAVEL)


class Mode(StrEnum):
    """What is followed."""

    REPS = "reps"  # repetitions about an axis that is learned; steadiness while they are kept
    HOLD = "hold"  # the sensor should not move: steadiness from the start


class Part(StrEnum):
    """What can be scored of a movement."""

    REPS = "reps"
    RANGE = "range"
    TEMPO = "tempo"
    EXHALE = "exhale"
    TILT = "tilt"  # steadiness
    ROTATION = "rotation"  # steadiness about the vertical: gyroscope only
    BACK = "back"  # how far the lower back bends: two sensors, trunk and pelvis, both with gyroscope


@dataclass(frozen=True, slots=True)
class Movement:
    """One kind of movement.

    `places` are where a sensor shows it, the best first. `swings_n`: how often the sensor goes there and back in one
    repetition (the trunk leans to stand up, and leans again to sit down). `exhale_on` is the way that is the effort.
    `scored` is what a sensor at one of `places` shows, `unscored` what it does not and a person might expect.
    `by_gyro`: the body is accelerated by as much as it turns, and an accelerometer alone miscounts one set in ten.
    `tilt_deg` and `rotation_deg` are the RMS of what should not move up to which it passes (drills.md §4).
    """

    kind: str
    mode: Mode
    places: tuple[Place, ...]
    range_deg: tuple[float, float]
    scored: tuple[Part, ...]
    unscored: tuple[str, ...] = ()
    swings_n: int = 1
    exhale_on: DrillPhase = DrillPhase.MOVE
    tilt_deg: float | None = None
    rotation_deg: float | None = None
    by_gyro: bool = False

    @property
    def bends(self) -> bool:
        """Whether the lower back should stay as it was, and two sensors show whether it did."""
        return Part.BACK in self.scored

    def swings(self, place: Place) -> int:
        """Return how often a sensor at `place` goes there and back: the pelvis, once up, stays tipped forward."""
        return 1 if place is Place.PELVIS else self.swings_n

    def unmeasured(self, place: Place | None, *, gyro: bool, lumbar: bool = False) -> Mapping[Part, Unmeasured]:
        """Return which of `scored` a sensor at `place` (None: nothing is worn) cannot show, and why.

        `lumbar`: trunk and pelvis are both measured, with gyroscopes.
        """
        if place not in self.places or (self.by_gyro and not gyro):
            return dict.fromkeys(self.scored, Unmeasured.NO_SENSOR)
        blind = {part: Unmeasured.BLIND for part in self.scored if part is Part.ROTATION and not gyro}
        return blind | {part: Unmeasured.NO_SENSOR for part in self.scored if part is Part.BACK and not lumbar}


_COUNTED = (Part.REPS, Part.RANGE, Part.TEMPO, Part.EXHALE)

MOVEMENTS: Mapping[str, Movement] = MappingProxyType(
    {
        m.kind: m
        for m in (
            Movement(
                "hip_hinge",
                Mode.REPS,
                (*_TRUNK, Place.PELVIS),
                (20.0, 75.0),
                (*_COUNTED, Part.BACK),
                ("knees", "upper-back"),
                exhale_on=DrillPhase.RETURN,
            ),
            Movement(
                "sit_to_stand",
                Mode.REPS,
                (*_TRUNK, Place.PELVIS),
                (15.0, 60.0),
                _COUNTED,
                ("feet", "knees"),
                swings_n=2,
                by_gyro=True,
            ),
            Movement(
                "bridge",
                Mode.REPS,
                (Place.PELVIS, Place.NAVEL, Place.BACK, Place.STERNUM),
                (12.0, 45.0),
                (*_COUNTED, Part.TILT, Part.ROTATION),
                ("muscles",),
                tilt_deg=5.0,
                rotation_deg=5.0,
            ),
            Movement(
                "single_leg_bridge",
                Mode.REPS,
                (Place.PELVIS, Place.NAVEL, Place.BACK, Place.STERNUM),
                (12.0, 45.0),
                (*_COUNTED, Part.TILT, Part.ROTATION),
                ("leg",),
                tilt_deg=5.0,
                rotation_deg=5.0,
            ),
            Movement(
                "bird_dog",
                Mode.HOLD,
                (Place.PELVIS, Place.BACK),
                (0.0, 0.0),
                (Part.TILT, Part.ROTATION),
                ("arm-and-leg",),
                tilt_deg=3.0,
                rotation_deg=5.0,
            ),
            Movement(
                "dead_bug",
                Mode.HOLD,
                (Place.PELVIS, Place.NAVEL),
                (0.0, 0.0),
                (Part.TILT, Part.ROTATION),
                ("arm-and-leg",),
                tilt_deg=3.0,
                rotation_deg=5.0,
            ),
            Movement(
                "side_plank",
                Mode.HOLD,
                (Place.PELVIS, *_TRUNK),
                (0.0, 0.0),
                (Part.TILT,),  # lying on the side, a turn forwards tilts the sensor: gravity shows it
                ("arm",),
                tilt_deg=5.0,
            ),
            Movement(
                "carry",
                Mode.HOLD,
                (*_TRUNK, Place.PELVIS),
                (0.0, 0.0),
                (Part.TILT,),
                ("load", "steps"),
                tilt_deg=3.0,
            ),
            Movement(
                "row",
                Mode.HOLD,
                (*_TRUNK, Place.PELVIS),
                (0.0, 0.0),
                (Part.TILT, Part.ROTATION),
                ("arm", "reps"),  # the trunk should not move: nothing on it can count
                tilt_deg=5.0,
                rotation_deg=10.0,
            ),
            Movement(
                "brace",
                Mode.HOLD,
                (Place.PELVIS, Place.NAVEL, Place.BACK),
                (0.0, 0.0),
                (Part.TILT,),
                tilt_deg=3.0,
            ),
        )
    }
)


def movement_of(kind: str, range_deg: tuple[float, float] = (10.0, 90.0)) -> Movement:
    """Return the movement `kind`; one that is not in the table is counted, with `range_deg` for its usual range."""
    return MOVEMENTS.get(kind.replace("-", "_")) or Movement(kind, Mode.REPS, tuple(Place), range_deg, _COUNTED)
