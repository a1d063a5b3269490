"""What a person will see with the sensors they chose, and what not: said before a session, never guessed in it."""

from collections.abc import Sequence
from dataclasses import dataclass

from breathcore.estimate.registry import HEARTS, REPORTS, TRACES
from breathcore.model.device import DeviceSpec, Place, Role
from breathcore.model.estimates import Refusal
from breathcore.model.message import Message, message

BY_HEART = frozenset({Role.RR, Role.ECG})
_SAME_FOR_HEARTS = frozenset({Refusal.NO_DATA, Refusal.NOT_WORN, Refusal.NO_SENSOR})


@dataclass(frozen=True, slots=True)
class Sight:
    """One thing that may be seen, or why it is not.

    ``rate`` or ``rate-estimate`` (from the heart alone), ``trace``, ``heart``, ``sides``, ``brace``.
    """

    id: str
    reason: Message | None = None


def sights(worn: Sequence[tuple[DeviceSpec, Place | None]]) -> tuple[Sight, ...]:
    """Return what wearables at their places show, in the order to say it.

    A sensor in the middle of the body says nothing of left against right, and the pelvis hardly moves with the breath.
    """
    breath = _why_no_breath(worn)
    heart = None if any(feels_heart(spec) for spec, _ in worn) else message("sight.no-heart")
    return (
        _rate(worn, breath),
        Sight("trace", breath),
        Sight("heart", heart),
        Sight("sides", _why_no_sides(worn)),
        Sight("brace", message("sight.brace-later")),
    )


def _rate(worn: Sequence[tuple[DeviceSpec, Place | None]], breath: Message | None) -> Sight:
    roles = {role for spec, _ in worn for role in spec.roles}
    if breath is None or roles & REPORTS.keys():
        return Sight("rate")
    return Sight("rate-estimate") if roles & BY_HEART else Sight("rate", breath)


def refusal_message(refusal: Refusal, *, by_heart: bool) -> Message:
    """Return why there is no breathing rate; `by_heart`: it would be read from heart beats, and from nothing else."""
    if not by_heart or refusal in _SAME_FOR_HEARTS:
        return message(f"refusal.{refusal.value}")
    return message("refusal.heart-too-short" if refusal is Refusal.TOO_SHORT else "refusal.heart-unclear")


def sees_breath(spec: DeviceSpec) -> bool:
    """Return whether the wearable can follow the breath, worn where it moves."""
    return bool(spec.roles & TRACES.keys())


def feels_heart(spec: DeviceSpec) -> bool:
    """Return whether heart beats are read from the wearable."""
    return bool(spec.roles & HEARTS.keys())


def has_pads(spec: DeviceSpec, place: Place | None) -> bool:
    """Return whether the wearable, worn at `place`, feels the heart through pads on the chest that have to be damp."""
    at_heart = place in (None, Place.STERNUM)
    return at_heart and feels_heart(spec) and spec.placement in ("chest", "shirt")


def _why_no_breath(worn: Sequence[tuple[DeviceSpec, Place | None]]) -> Message | None:
    places = [place for spec, place in worn if sees_breath(spec)]
    if any(place is not Place.PELVIS for place in places):
        return None
    if places:
        return message("sight.pelvis-only")
    return message("refusal.heart-only" if any(feels_heart(spec) for spec, _ in worn) else "refusal.no-sensor")


def _why_no_sides(worn: Sequence[tuple[DeviceSpec, Place | None]]) -> Message:
    places = {place for spec, place in worn if sees_breath(spec)}
    return message("sight.sides-later" if {Place.LEFT, Place.RIGHT} <= places else "sight.sides-need")
