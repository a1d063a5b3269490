"""What this program knows: the wearables and drills that are built in and those of the person's own folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Generic, TypeVar

import platformdirs

from breathcore.catalog.load import load_devices, load_drills
from breathcore.decode.registry import LAYOUTS
from breathcore.model.device import DeviceSpec
from breathcore.model.drill import DrillSpec
from breathcore.model.errors import CatalogError, Reason
from breathcore.session.settings import APP

_Item = TypeVar("_Item", DeviceSpec, DrillSpec)


def own_folder(kind: str) -> Path:
    """Return where a person's own files of `kind` ("devices", "drills") are looked for; it need not exist."""
    return platformdirs.user_data_path(APP, appauthor=False) / kind


@dataclass(frozen=True, slots=True)
class Found(Generic[_Item]):
    """What was found of one kind, and what is wrong with the person's own files that were left out."""

    items: tuple[_Item, ...]
    problems: tuple[CatalogError, ...]


@cache
def found_devices() -> Found[DeviceSpec]:
    """Return every wearable, built in and the person's own. Raises CatalogError for a built-in file that is wrong."""
    problems: list[CatalogError] = []
    items = load_devices(codecs=LAYOUTS, folders=[own_folder("devices")], refused=problems.append)
    return Found(items, tuple(problems))


@cache
def found_drills() -> Found[DrillSpec]:
    """Return every drill, built in and the person's own. Raises CatalogError for a built-in file that is wrong."""
    problems: list[CatalogError] = []
    items = load_drills(folders=[own_folder("drills")], refused=problems.append)
    return Found(items, tuple(problems))


def devices() -> tuple[DeviceSpec, ...]:
    """Return every wearable there is."""
    return found_devices().items


def drills() -> tuple[DrillSpec, ...]:
    """Return every drill there is."""
    return found_drills().items


def problems() -> tuple[CatalogError, ...]:
    """Return what is wrong with the person's own files, each naming its file: such files are left out."""
    return (*found_devices().problems, *found_drills().problems)


def device(id_: str) -> DeviceSpec:
    """Return the wearable `id_`. Raises CatalogError (UNKNOWN_DEVICE) listing those there are."""
    return _pick(devices(), id_, Reason.UNKNOWN_DEVICE)


def drill(id_: str) -> DrillSpec:
    """Return the drill with this id or code ("B1"). Raises CatalogError (UNKNOWN_DRILL) listing those there are."""
    by_code = [d for d in drills() if d.code and d.code.lower() == id_.lower()]
    return by_code[0] if by_code else _pick(drills(), id_, Reason.UNKNOWN_DRILL)


def _pick(items: Sequence[_Item], id_: str, reason: Reason) -> _Item:
    found = [item for item in items if item.id == id_]
    if not found:
        raise CatalogError(reason, value=id_, known=", ".join(item.id for item in items))
    return found[0]
