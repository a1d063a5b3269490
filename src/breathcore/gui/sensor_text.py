"""What is said of a sensor: how its link stands, what to do about it, and which one matters most."""

from collections.abc import Sequence
from typing import NamedTuple

from breathcore.feedback.frame import SensorFrame
from breathcore.feedback.sight import feels_heart, sees_breath
from breathcore.feedback.wording import Wording
from breathcore.gui.services import SIMULATED_DEVICE
from breathcore.model.device import DeviceSpec, Place, Role
from breathcore.model.packets import LinkKind
from breathcore.session.settings import ChosenSensor

_GONE = (LinkKind.LOST, LinkKind.CLOSED, LinkKind.STALLED)
_MOVEMENT = frozenset({Role.CHEST_ACC, Role.ACC, Role.GYRO, Role.ORIENTATION})
_SHORT_N = 16  # letters
_STRONG_DBM, _FAIR_DBM = -70, -85


class Worn(NamedTuple):
    """A sensor of a session: what it is called, what it is, and where it is worn."""

    name: str
    spec: DeviceSpec
    place: Place | None


def worn_of(sensors: Sequence[ChosenSensor], devices: Sequence[DeviceSpec]) -> tuple[Worn, ...]:
    """Return what `sensors` are among `devices`; none: the simulated strap, which is worn at the breastbone."""
    specs = {spec.id: spec for spec in devices}
    chosen = sensors or (ChosenSensor(SIMULATED_DEVICE, place=Place.STERNUM),)
    known = [(sensor, specs[sensor.device_id]) for sensor in chosen if sensor.device_id in specs]
    return tuple(Worn(sensor.name or spec.name, spec, sensor.place) for sensor, spec in known)


class SensorWords(NamedTuple):
    """A sensor's state: a shape, its colour, one or two words, and the sentence that says what to do ("" for none)."""

    icon: str
    token: str  # a colour of the theme: "good", "muted", "attention"
    state: str
    advice: str


def words_of(sensor: SensorFrame, wording: Wording) -> SensorWords:
    """Return what is said of `sensor`."""
    link, advice = wording.text(f"sensor.link.{sensor.link}"), advice_of(sensor, wording)
    if sensor.link in _GONE:
        return SensorWords("lost", "attention", link, advice)
    if sensor.link is LinkKind.STREAMING:
        if is_fine(sensor):
            return SensorWords("check", "good", link, "")
        return SensorWords("warning", "attention", wording.text("sensor.link.poor"), advice)
    if sensor.message is not None:
        return SensorWords("lost", "attention", link, advice)
    return SensorWords("info", "muted", link, advice)


def advice_of(sensor: SensorFrame, wording: Wording) -> str:
    """Return the sentence on what to do, or on what is being done; "" where all is well."""
    if sensor.message is not None:
        return wording.say(sensor.message)
    if sensor.link in (LinkKind.WAITING, LinkKind.LOST):
        return wording.text("sensor.looking", device=sensor.name)
    return ""


def is_fine(sensor: SensorFrame) -> bool:
    """Return whether data come and nothing is wrong with them."""
    return sensor.link is LinkKind.STREAMING and not sensor.issues and sensor.message is None


def most_urgent(sensors: Sequence[SensorFrame]) -> SensorFrame | None:
    """Return the sensor to look after first, None where all are fine."""
    troubled = [sensor for sensor in sensors if not is_fine(sensor)]
    return min(troubled, key=_urgency, default=None)


def short_name(sensor: SensorFrame, wording: Wording) -> str:
    """Return the sensor's name or, where that is long, the place at which it is worn."""
    if len(sensor.name) <= _SHORT_N or sensor.place is None:
        return sensor.name
    return wording.text(f"place.{sensor.place}")


def measures(spec: DeviceSpec, wording: Wording) -> str:
    """Return in plain words what `spec` can measure: breath, heart, movement."""
    abilities = {
        "breath": sees_breath(spec),
        "heart": feels_heart(spec),
        "movement": bool(spec.roles & _MOVEMENT),
    }
    able = [wording.text(f"sensor.measures.{name}") for name, on in abilities.items() if on]
    return ", ".join(able) or wording.text("sensor.measures.nothing")


def nearness(rssi_dbm: int) -> str:
    """Return the id of the words for a radio's strength."""
    near = "near" if rssi_dbm >= _STRONG_DBM else "fair" if rssi_dbm >= _FAIR_DBM else "far"
    return f"sensor.{near}"


def _urgency(sensor: SensorFrame) -> int:
    """Return 0 for what is gone, 1 silent, 2 cannot be reached, 3 sits badly, 4 is on its way."""
    if sensor.link is LinkKind.STALLED:
        return 1
    if sensor.link in _GONE:
        return 0
    if sensor.link is LinkKind.STREAMING:
        return 3
    return 2 if sensor.message is not None else 4
