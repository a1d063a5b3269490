"""Where the catalogue's folders are: inside an installed package, or beside `pyproject.toml` in a checkout."""

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from breathcore.model.errors import CatalogError, Reason

DEVICES = "devices"
DRILLS = "protocols/drills"

_CHECKOUT = Path(__file__).parents[3]


def builtin_folder(kind: str) -> Traversable:
    """Return the folder of built-in files of `kind` (`DEVICES` or `DRILLS`).

    Raises
    ------
    CatalogError
        CATALOG_NOT_FOUND when the package was built without its catalogue.
    """
    packed = resources.files("breathcore").joinpath("_catalog", *kind.split("/"))
    if packed.is_dir():
        return packed
    beside = _CHECKOUT / kind
    if (_CHECKOUT / "pyproject.toml").is_file() and beside.is_dir():
        return beside
    raise CatalogError(Reason.CATALOG_NOT_FOUND, kind=kind)
