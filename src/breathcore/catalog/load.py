"""Reads the catalogue: built-in files first, then the person's own folders; wrong files are refused by name and key."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

from breathcore.catalog.base import invalid, read_toml
from breathcore.catalog.device_file import DeviceFile
from breathcore.catalog.drill_file import DrillFile
from breathcore.catalog.locate import DEVICES, DRILLS, builtin_folder
from breathcore.catalog.match import claims
from breathcore.model.device import DeviceSpec, EndpointSpec, Layout
from breathcore.model.drill import DrillSpec
from breathcore.model.errors import CatalogError, Reason

SpecT = TypeVar("SpecT", DeviceSpec, DrillSpec)
Refused = Callable[[CatalogError], None]


def load_devices(
    *, codecs: Mapping[str, Layout], folders: Sequence[Path] = (), refused: Refused | None = None
) -> tuple[DeviceSpec, ...]:
    """Return every wearable: the built-in ones by id, then those of `folders`.

    Parameters
    ----------
    codecs : Mapping[str, Layout]
        The codecs that exist and what each needs (`breathcore.decode.registry.LAYOUTS`).
    folders : Sequence[Path]
        The person's own folders; one that does not exist is empty.
    refused : callable, optional
        Told why a file of `folders` is no good; that file is left out. None: the first such error is raised.

    Raises
    ------
    CatalogError
        FILE_INVALID (file, key, problem), FILE_UNREADABLE (file, problem), DUPLICATE_ID (id, file, other),
        CATALOG_NOT_FOUND. Built-in files always raise.
    """

    def read(text: str, file: str, others: Sequence[DeviceSpec]) -> DeviceSpec:
        spec = load_device_text(text, file, codecs=codecs)
        require_apart(spec, others, file)
        return spec

    return _load(DEVICES, folders, read, refused)


def load_drills(*, folders: Sequence[Path] = (), refused: Refused | None = None) -> tuple[DrillSpec, ...]:
    """Return every drill; `folders`, `refused` and errors as in `load_devices`."""
    return _load(DRILLS, folders, lambda text, file, _: load_drill_text(text, file), refused)


def load_device_text(text: str, file: str, *, codecs: Mapping[str, Layout] | None = None) -> DeviceSpec:
    """Return the wearable that TOML `text` describes; `file` names it in errors, its stem must be the id.

    `codecs` None leaves codecs unchecked.
    """
    spec = read_toml(DeviceFile, text, file).spec()
    _check_name(spec.id, file)
    for n, endpoint in enumerate(spec.endpoints):
        if codecs is not None:
            _check_layout(endpoint, codecs, file, f"endpoints.{n}")
    return spec


def require_apart(spec: DeviceSpec, others: Sequence[DeviceSpec], file: str) -> None:
    """Raise CatalogError (FILE_INVALID) where one of `others` would claim the same advertisement as `spec`."""
    for other in others:
        if other.id != spec.id and claims(spec, other):
            raise invalid(file, "match", f"claims the same advertisements as {other.id!r}")


def load_drill_text(text: str, file: str) -> DrillSpec:
    """Return the drill that TOML `text` describes; `file` names it in errors, its stem must be the id."""
    spec = read_toml(DrillFile, text, file).spec()
    _check_name(spec.id, file)
    return spec


def device_schema() -> dict[str, Any]:
    """Return the JSON Schema of a device file, for editors."""
    return DeviceFile.model_json_schema()


def drill_schema() -> dict[str, Any]:
    """Return the JSON Schema of a drill file, for editors."""
    return DrillFile.model_json_schema()


def _load(
    kind: str,
    folders: Sequence[Path],
    read: Callable[[str, str, Sequence[SpecT]], SpecT],
    refused: Refused | None,
) -> tuple[SpecT, ...]:
    found: dict[str, str] = {}
    specs: list[SpecT] = []
    for own, folder in [(False, builtin_folder(kind)), *((True, f) for f in folders)]:
        for file in _toml_files(folder):
            try:
                spec = read(_text(file), str(file), specs)
                if spec.id in found:
                    raise CatalogError(Reason.DUPLICATE_ID, id=spec.id, file=str(file), other=found[spec.id])
            except CatalogError as error:
                if not own or refused is None:
                    raise
                refused(error)
                continue
            found[spec.id] = str(file)
            specs.append(spec)
    return tuple(specs)


def _toml_files(folder: Traversable) -> Iterator[Traversable]:
    if folder.is_dir():
        yield from sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)


def _text(file: Traversable) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise invalid(str(file), "file", "is not UTF-8 text") from error
    except OSError as error:
        problem = error.strerror or str(error)
        raise CatalogError(Reason.FILE_UNREADABLE, file=str(file), problem=problem) from error


def _check_layout(endpoint: EndpointSpec, codecs: Mapping[str, Layout], file: str, key: str) -> None:
    layout = codecs.get(endpoint.codec)
    if layout is None:
        known = ", ".join(sorted(codecs))
        raise invalid(file, f"{key}.codec", f"unknown codec {endpoint.codec!r}, known: {known}")
    if missing := sorted(layout.characteristics - {c.name for c in endpoint.characteristics}):
        raise invalid(file, f"{key}.characteristics", f"the codec {endpoint.codec!r} needs {', '.join(missing)}")
    for n, channel in enumerate(endpoint.channels):
        if channel.role not in layout.roles:
            known = ", ".join(sorted(layout.roles)) or "none"
            problem = f"the codec {endpoint.codec!r} does not fill {channel.role.value!r}, but: {known}"
            raise invalid(file, f"{key}.channels.{n}.role", problem)


def _check_name(id_: str, file: str) -> None:
    stem = file.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".toml")
    if id_ != stem:
        raise invalid(file, "id", f"is {id_!r}, but the file is called {stem!r}")
