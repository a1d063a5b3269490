"""Words by reference: pure rooms name a sentence, the catalogue of texts speaks it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

Param = str | int | float
_NONE: Mapping[str, Param] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence's id in the catalogue of texts and the values it takes."""

    id: str
    params: Mapping[str, Param] = field(default_factory=lambda: _NONE)


def message(id_: str, **params: Param) -> Message:
    """Return the message `id_` with `params`."""
    return Message(id_, MappingProxyType(params))
