"""What a person will see with the sensors they chose, and what not: said before a session, never guessed in it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from breathcore.estimate.registry import HEARTS, REPORTS, TRACES
from breathcore.estimate.trunk.sights import Measure
from breathcore.estimate.trunk.sights import sights as trunk_sights
from breathcore.model.device import DeviceSpec, Place, Role
from breathcore.model.device import worn as put_on
from breathcore.model.estimates import Refusal
from breathcore.model.message import Message, message

BY_HEART = frozenset({Role.RR, Role.ECG})
_TRUNK = (
    ("front", Measure.FRONT, "sight.site-need"),
    ("left", Measure.LEFT, "sight.site-need"),
    ("right", Measure.RIGHT, "sight.site-need"),
    ("back", Measure.BACK, "sight.site-need"),
    ("sides", Measure.SYMMETRY, "sight.sides-need"),
    ("rib-belly", Measure.RIB_BELLY, "sight.rib-belly-need"),
    ("brace", Measure.BRACE, "sight.brace-need"),
    ("movement", Measure.REPS, "sight.movement-need"),
    ("lumbar", Measure.LUMBAR, "sight.lumbar-need"),
)
_SAME_FOR_HEARTS = frozenset({Refusal.NO_DATA, Refusal.NOT_WORN, Refusal.NO_SENSOR})


@dataclass(frozen=True, slots=True)
class Sight:
    """One thing that may be seen, or why it is not.

    ``rate`` or ``rate-estimate`` (from the heart alone), ``trace``, ``heart``; of the trunk ``front``, ``left``,
    ``right``, ``back`` (how far the ribs open there), ``rib-belly``, ``sides``, ``brace`` (``brace-lone``: that,
    and not how firmly), ``movement``, ``lumbar`` (whether the lower back bends in a hip hinge).
    """

    id: str
    reason: Message | None = None


def sights(worn: Sequence[tuple[DeviceSpec, Place | None]]) -> tuple[Sight, ...]:
    """Return what wearables at their places show, in the order to say it.

    A sensor in the middle of the body says nothing of left against right, and the pelvis hardly moves with the breath.
    What a sensor shows only roughly is seen all the same; what it cannot show is said with what it would take.
    """
    breath = _why_no_breath(worn)
    heart = None if any(feels_heart(spec) for spec, _ in worn) else message("sight.no-heart")
    return (
        _rate(worn, breath),
        Sight("trace", breath),
        Sight("heart", heart),
        *_of_trunk(worn),
    )


def _of_trunk(worn: Sequence[tuple[DeviceSpec, Place | None]]) -> Iterator[Sight]:
    channels = [c for spec, place in worn for c in put_on(spec, place).channels]
    seen = trunk_sights(channels)
    lone = seen[Measure.BRACE].seen and not seen[Measure.RIB_BELLY].seen  # nothing else shows the breath beside it
    for id_, measure, need in _TRUNK:
        told = "brace-lone" if lone and measure is Measure.BRACE else id_
        yield Sight(told, None if seen[measure].seen else message(need))


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
