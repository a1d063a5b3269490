"""What the shapes of all catalogue files share: unknown keys are errors, nothing is converted silently."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic_core import ErrorDetails, to_json

from breathcore.model.errors import CatalogError, Reason

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=60)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=400, strip_whitespace=True)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]

_EMPTY = "must not be empty"  # no list or text of a file needs more than one entry or letter
_PROBLEMS = {"extra_forbidden": "unknown key", "missing": "missing", "too_short": _EMPTY, "string_too_short": _EMPTY}


class Shape(BaseModel):
    """A table of a catalogue file."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


ShapeT = TypeVar("ShapeT", bound=Shape)


class KeyProblemError(ValueError):
    """A problem that one of our own checks found, and the dotted key (below the table checked) where it is."""

    def __init__(self, key: str, problem: str) -> None:
        self.key = key
        self.problem = problem
        super().__init__(problem)


def fixed(texts: Mapping[str, str]) -> Mapping[str, str]:
    """Return `texts` as a read-only mapping."""
    return MappingProxyType(dict(texts))


def twice(ids: Sequence[str]) -> str | None:
    """Return the first id that occurs a second time, or None."""
    seen: set[str] = set()
    for id_ in ids:
        if id_ in seen:
            return id_
        seen.add(id_)
    return None


def read_toml(shape: type[ShapeT], text: str, file: str) -> ShapeT:
    """Return `text` as a `shape`. Raises CatalogError (FILE_INVALID) with file, dotted key or line, and problem."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise invalid(file, f"line {line[1]}" if line else "end", str(error)) from error
    try:
        return shape.model_validate_json(to_json(table))  # JSON: strict, and yet arrays may fill tuples
    except ValidationError as error:
        raise _first_problem(error, file) from error


def invalid(file: str, key: str, problem: str) -> CatalogError:
    """Return the error that names file, key and problem."""
    return CatalogError(Reason.FILE_INVALID, file=file, key=key, problem=problem)


def _first_problem(error: ValidationError, file: str) -> CatalogError:
    # A misspelt key shows up as an unknown and a missing one: name the one the author wrote.
    detail = min(error.errors(include_url=False), key=lambda d: d["type"] != "extra_forbidden")
    key = [str(part) for part in detail["loc"] if part != "[key]"]
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, KeyProblemError):
        key.append(cause.key)
    return invalid(file, ".".join(key) or "file", _problem(detail, cause))


def _problem(detail: ErrorDetails, cause: Any) -> str:
    if isinstance(cause, KeyProblemError):
        return cause.problem
    known = _PROBLEMS.get(detail["type"])
    if known:
        return known
    value = detail["input"]
    shown = f" (is {value!r})" if isinstance(value, str | int | float | bool) else ""
    return detail["msg"][:1].lower() + detail["msg"][1:] + shown
