"""Sensors all round the trunk, as a demonstration wears them: four motion sensors and two belts."""

from collections.abc import Mapping

from breathcore.model.device import DeviceSpec, Place, worn

_IMU, _BELT = "movella_dot", "vernier_gdx_rb"
TRUNK_RIG: tuple[tuple[str, str, Place], ...] = (
    ("chest-belt", _BELT, Place.STERNUM),
    ("waist-belt", _BELT, Place.NAVEL),
    ("left", _IMU, Place.LEFT),
    ("right", _IMU, Place.RIGHT),
    ("back", _IMU, Place.BACK),
    ("pelvis", _IMU, Place.PELVIS),
)
"""(key, device id, place). The front of the ring is the chest belt's; the pelvis shows sway and movement."""


def rigged(known: Mapping[str, DeviceSpec]) -> tuple[tuple[str, DeviceSpec], ...]:
    """Return the rig's devices as a session wears them. Raises KeyError where one is not `known`."""
    return tuple((key, worn(known[device], place)) for key, device, place in TRUNK_RIG)
