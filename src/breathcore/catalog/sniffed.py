"""What was seen of a device that nobody knows: its services, and what it sent."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Notified:
    """One notification, `t_s` after listening began."""

    t_s: float
    payload: bytes


@dataclass(frozen=True, slots=True)
class SniffedCharacteristic:
    """A characteristic. `value` is what a read gave, None where none was tried; `problem` is why something failed.

    `written` is the command that was written to it, b"" for none.
    """

    service_uuid: str
    uuid: str
    properties: tuple[str, ...]
    service_name: str = ""
    name: str = ""
    value: bytes | None = None
    problem: str = ""
    notified: tuple[Notified, ...] = ()
    written: bytes = b""

    @property
    def sends(self) -> bool:
        """Whether it can be subscribed to."""
        return not {"notify", "indicate"}.isdisjoint(self.properties)


@dataclass(frozen=True, slots=True)
class Sniffed:
    """A device: what it advertised, and its characteristics, by service and UUID."""

    name: str
    address: str
    service_uuids: tuple[str, ...]
    manufacturer_ids: tuple[int, ...]
    characteristics: tuple[SniffedCharacteristic, ...]
    seconds: float
