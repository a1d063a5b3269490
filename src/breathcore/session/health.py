"""Whether what a session needs is in order on this computer: versions, folders, a person's own files."""

import importlib.metadata
import os
import platform
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from breathcore import __version__
from breathcore.model.message import Message, message
from breathcore.session import registry
from breathcore.session.settings import sessions_folder, settings_path

LITTLE_SPACE_MB = 1000.0  # some hundred hours of a strap
NO_SPACE_MB = 50.0
LIBRARIES = ("bleak", "numpy", "scipy", "PySide6-Essentials", "pyqtgraph", "miniaudio")


class Level(StrEnum):
    """How a finding is to be taken."""

    GOOD = "good"
    NOTE = "note"  # something works less well, or not at all, that can be done without
    BAD = "bad"  # something that is needed does not work


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at (`id` names it), what was found, and what to do about it (None: nothing)."""

    id: str
    level: Level
    said: Message
    advice: Message | None = None


def versions(libraries: Sequence[str] = LIBRARIES) -> tuple[Finding, ...]:
    """Return the versions of the program and of what it stands on; a library that is missing is bad."""
    found = {name: _version(name) for name in libraries}
    names = [f"breathcore {__version__}", f"Python {platform.python_version()}", platform.platform(terse=True)]
    names += [f"{name} {version}" for name, version in found.items() if version]
    said = Finding("versions", Level.GOOD, message("doctor.versions.said", names=", ".join(names)))
    missing = ", ".join(name for name, version in found.items() if not version)
    if not missing:
        return (said,)
    lacking = message("doctor.versions.missing", names=missing)
    return said, Finding("versions", Level.BAD, lacking, message("doctor.versions.install"))


def folders(paths: Sequence[Path] | None = None) -> tuple[Finding, ...]:
    """Return whether the folders of sessions and of settings can be written to, and how much room there is."""
    wanted = (sessions_folder(), settings_path().parent) if paths is None else paths
    return tuple(_folder(path) for path in wanted)


def own_files() -> tuple[Finding, ...]:
    """Return what is wrong with files of wearables and drills that the person added."""
    problems = registry.problems()
    if not problems:
        said = message("doctor.files.good", devices=len(registry.devices()), drills=len(registry.drills()))
        return (Finding("files", Level.GOOD, said),)
    advice = message("doctor.files.advice")
    return tuple(Finding("files", Level.NOTE, error.message, advice) for error in problems)


def _version(library: str) -> str:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _folder(path: Path) -> Finding:
    there = next(p for p in (path, *path.parents) if p.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            free_mb = shutil.disk_usage(there).free / 1e6
    except OSError as error:
        said = message("doctor.folders.bad", path=str(path), problem=os.strerror(error.errno or 0))
        return Finding("folders", Level.BAD, said, message("doctor.folders.allow"))
    said = message("doctor.folders.good", path=str(path), gigabytes=round(free_mb / 1000, 1))
    if free_mb >= LITTLE_SPACE_MB:
        return Finding("folders", Level.GOOD, said)
    level = Level.NOTE if free_mb >= NO_SPACE_MB else Level.BAD
    return Finding("folders", level, said, message("doctor.folders.space"))
