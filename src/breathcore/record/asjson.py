"""Frozen dataclasses ⇄ JSON values, for the columns of a session file that hold structure.

Enums are their values, NaN is null, tuples are lists, mappings are objects. Reading ignores keys it does not know and
fills fields it does not find from their defaults, so that a file written before a field existed still opens.
"""

import dataclasses
import math
import types
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]
T = TypeVar("T")


def to_json(value: object) -> Json:
    """Return `value` (dataclass, enum, number, text, time, sequence or mapping) as plain JSON.

    Raises TypeError for anything else.
    """
    if isinstance(value, Enum):
        return cast(Json, value.value)
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(k): to_json(v) for k, v in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return [to_json(v) for v in value]
    if dataclasses.is_dataclass(value):
        return {f.name: to_json(getattr(value, f.name)) for f in dataclasses.fields(value)}
    raise TypeError(f"{type(value).__name__} has no JSON form")


def from_json(cls: type[T], data: Json) -> T:
    """Return `data` as a `cls`. Raises TypeError or ValueError where it does not fit."""
    return cast(T, converter(cast(Any, cls))(data))


@cache
def converter(hint: Any) -> Callable[[Any], Any]:
    """Return the function that turns a JSON value into a value of the type `hint`."""
    if dataclasses.is_dataclass(hint):
        return _to_dataclass(cast(type, hint))
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _to_optional(args)
    if origin is tuple:
        return _to_tuple(args)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        value = converter(args[1])
        return lambda data: types.MappingProxyType({k: value(v) for k, v in data.items()})
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    return _SIMPLE.get(hint, _same)


def _to_dataclass(cls: type) -> Callable[[Any], Any]:
    hints = get_type_hints(cls)
    fields = {f.name: converter(hints[f.name]) for f in dataclasses.fields(cls)}

    def convert(data: Any) -> Any:
        return cls(**{k: fields[k](v) for k, v in data.items() if k in fields})

    return convert


def _to_optional(args: tuple[Any, ...]) -> Callable[[Any], Any]:
    others = [a for a in args if a is not type(None)]
    inner = converter(others[0]) if len(others) == 1 else _same
    return lambda data: None if data is None else inner(data)


def _to_tuple(args: tuple[Any, ...]) -> Callable[[Any], Any]:
    item = converter(args[0])
    return lambda data: tuple(item(v) for v in data)


def _to_float(data: Any) -> float:
    return math.nan if data is None else float(data)


def _same(data: Any) -> Any:
    return data


_SIMPLE: dict[Any, Callable[[Any], Any]] = {
    float: _to_float,
    bool: bool,
    datetime: datetime.fromisoformat,
}
