"""Which radio a command speaks through: the system's, or a virtual one with simulated wearables.

This module can be imported without bumble; it is asked for when a virtual radio is first used.
"""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from breathcore.catalog.load import load_devices
from breathcore.decode.registry import LAYOUTS
from breathcore.model.device import DeviceSpec
from breathcore.model.errors import BreathcoreError, CatalogError, Reason
from breathcore.source.ble_radio import SYSTEM_RADIO, Radio
from breathcore.source.sim.script import faults_of
from breathcore.source.sim.wearer import WearerSpec
from breathcore.source.virtual.devices import VirtualDevice, keyed

if TYPE_CHECKING:
    from breathcore.source.virtual.world import World

_WEARER = WearerSpec()
_PREFIX = "virtual:"
_DEVICE = re.compile(r"([a-z0-9_]+)(?:\*(\d{1,2}))?")
_SEED = re.compile(r"seed=(\d+)")
_FORM = "virtual:ID[*N][,ID…][;seed=N][;fault=…]"


def _built_in() -> Sequence[DeviceSpec]:
    return load_devices(codecs=LAYOUTS)


class VirtualRadio:
    """Simulated wearables, all on one wearer, as Bluetooth peripherals in this process.

    Parameters
    ----------
    devices : sequence of DeviceSpec or VirtualDevice
        The wearables in reach; keys are as in a session (``polar_h10``, ``polar_h10-2``).
    wearer : WearerSpec
        The person, and the seed of everything.

    Each running loop has a world of its own, which begins (session time 0) when it is first used and takes its time
    from ``loop.time()``. Raises BreathcoreError (EXTRA_MISSING) where the extra ``sim`` is not installed.
    """

    def __init__(self, devices: Sequence[DeviceSpec | VirtualDevice], wearer: WearerSpec = _WEARER) -> None:
        require_bumble()
        from breathcore.source.virtual.backend import VirtualClient, VirtualScanner

        self.devices = keyed([d if isinstance(d, VirtualDevice) else VirtualDevice(d) for d in devices])
        self._wearer = wearer
        self._worlds: WeakKeyDictionary[asyncio.AbstractEventLoop, World] = WeakKeyDictionary()
        scanner = type("VirtualScanner", (VirtualScanner,), {"radio": self})
        self.radio = Radio(scanner, type("VirtualClient", (VirtualClient,), {"radio": self}))

    def world(self) -> "World":
        """Return the running loop's world."""
        from breathcore.source.virtual.world import World

        loop = asyncio.get_running_loop()
        world = self._worlds.get(loop)
        if world is None:
            world = self._worlds[loop] = World(self.devices, self._wearer)
        return world


def radio_of(text: str | None, devices: Callable[[], Sequence[DeviceSpec]] = _built_in) -> Radio:
    """Return the radio that `text` names.

    None or "" is the system's own. ``virtual:polar_h10*2,heart_rate_strap;seed=3;drop=10-14`` has simulated wearables
    by their ids in `devices` (the built-in ones), with faults that all of them have (`faults_of`). Raises
    BreathcoreError: INVALID_VALUE, UNKNOWN_DEVICE, EXTRA_MISSING.
    """
    if not text:
        return SYSTEM_RADIO
    if not text.startswith(_PREFIX):
        raise BreathcoreError(Reason.INVALID_VALUE, name="radio", value=text, bound=_FORM)
    names, *script = text.removeprefix(_PREFIX).split(";")
    seeds = [int(m[1]) for part in script if (m := _SEED.fullmatch(part.strip()))]
    faults = faults_of(";".join(part for part in script if not _SEED.fullmatch(part.strip())))
    known = {spec.id: spec for spec in devices()}
    specs = [spec for name in names.split(",") for spec in _asked(name.strip(), known)]
    return VirtualRadio([VirtualDevice(s, faults) for s in specs], WearerSpec(seed=seeds[-1] if seeds else 1)).radio


def require_bumble() -> None:
    """Raise BreathcoreError (EXTRA_MISSING) where the extra ``sim`` is not installed."""
    if find_spec("bumble") is None:
        raise BreathcoreError(Reason.EXTRA_MISSING, extra="sim")


def _asked(name: str, known: Mapping[str, DeviceSpec]) -> list[DeviceSpec]:
    found = _DEVICE.fullmatch(name)
    if not found:
        raise BreathcoreError(Reason.INVALID_VALUE, name="radio", value=name, bound=_FORM)
    if found[1] not in known:
        raise CatalogError(Reason.UNKNOWN_DEVICE, value=found[1], known=", ".join(known))
    return [known[found[1]]] * int(found[2] or 1)
