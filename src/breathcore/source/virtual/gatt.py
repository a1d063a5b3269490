"""What a wearable shows of itself: its advertisement and its GATT services, from its file."""

from collections.abc import Callable, Iterable

from bumble import att, gatt
from bumble.core import UUID, AdvertisingData

from breathcore.catalog.match import full_uuid
from breathcore.model.device import CharacteristicSpec, CharacteristicUse, DeviceSpec

_ROOM = 31  # bytes of an advertisement
_HEAD = 2  # length and type of each of its fields
_FLAGS = bytes([AdvertisingData.LE_GENERAL_DISCOVERABLE_MODE_FLAG | AdvertisingData.BR_EDR_NOT_SUPPORTED_FLAG])
_DEVICE_INFORMATION = "0000180a-0000-1000-8000-00805f9b34fb"
_PROPERTIES = {
    CharacteristicUse.NOTIFY: gatt.Characteristic.Properties.NOTIFY,
    CharacteristicUse.INDICATE: gatt.Characteristic.Properties.INDICATE,
    CharacteristicUse.READ: gatt.Characteristic.Properties.READ,
    CharacteristicUse.WRITE: gatt.Characteristic.Properties.WRITE,
}

Field = tuple[AdvertisingData.Type, bytes]
MakeValue = Callable[[str], gatt.CharacteristicValue[bytes]]  # of an endpoint like ``pmd.control``


def advertised_name(spec: DeviceSpec, number: int) -> str:
    """Return the name of the `number`-th virtual wearable, one that its file recognises."""
    prefix = next(iter(spec.match.name_prefixes), spec.name)
    return f"{prefix}{'' if prefix[-1] in '-_ ' else ' '}{number:04d}"


def advertisement(spec: DeviceSpec, name: str) -> bytes:
    """Return at most 31 bytes: what the wearable is recognised by, then as much of the name as there is room for."""
    fields: list[Field] = [(AdvertisingData.Type.FLAGS, _FLAGS)]
    if spec.match.manufacturer_id is not None:
        maker = spec.match.manufacturer_id.to_bytes(2, "little")
        fields.append((AdvertisingData.Type.MANUFACTURER_SPECIFIC_DATA, maker))
    if not spec.match.name_prefixes:
        fields += [_service_field(uuid) for uuid in spec.match.service_uuids[:1]]
    return _as_bytes([*fields, _name_field(name, _ROOM - len(_as_bytes(fields)))])


def scan_response(name: str) -> bytes:
    """Return the answer to an active scan: the whole name, as far as it fits."""
    return _as_bytes([_name_field(name, _ROOM)])


def services(spec: DeviceSpec, value: MakeValue) -> tuple[list[gatt.Service], dict[str, gatt.Characteristic[bytes]]]:
    """Return the wearable's services and its characteristics by endpoint; `value` makes what reads and takes writes.

    Endpoints that name the same service share it, and the same characteristic too.
    """
    by_uuid: dict[str, dict[str, gatt.Characteristic[bytes]]] = {}
    by_endpoint: dict[str, gatt.Characteristic[bytes]] = {}
    for endpoint in spec.endpoints:
        held = by_uuid.setdefault(full_uuid(endpoint.service_uuid), {})
        for characteristic in endpoint.characteristics:
            name = f"{endpoint.id}.{characteristic.name}"
            uuid = full_uuid(characteristic.uuid)
            if uuid not in held:
                held[uuid] = _characteristic(characteristic, value(name))
            by_endpoint[name] = held[uuid]
    made = [gatt.Service(_uuid(uuid), list(held.values())) for uuid, held in by_uuid.items()]
    if _DEVICE_INFORMATION not in by_uuid:
        made.append(_device_information(spec))
    return made, by_endpoint


def _characteristic(spec: CharacteristicSpec, value: gatt.CharacteristicValue[bytes]) -> gatt.Characteristic[bytes]:
    properties = gatt.Characteristic.Properties(0)
    for use in spec.uses:
        properties |= _PROPERTIES[use]
    permissions = att.Attribute.Permissions(0)
    if CharacteristicUse.READ in spec.uses:
        permissions |= att.Attribute.Permissions.READABLE
    if CharacteristicUse.WRITE in spec.uses:
        permissions |= att.Attribute.Permissions.WRITEABLE
    return gatt.Characteristic(_uuid(spec.uuid), properties, permissions, value)


def _device_information(spec: DeviceSpec) -> gatt.Service:
    readable = att.Attribute.Permissions.READABLE
    told = {
        gatt.GATT_MANUFACTURER_NAME_STRING_CHARACTERISTIC: "breathcore",
        gatt.GATT_MODEL_NUMBER_STRING_CHARACTERISTIC: f"{spec.name} (simulated)",
    }
    return gatt.Service(
        gatt.GATT_DEVICE_INFORMATION_SERVICE,
        [gatt.Characteristic(u, gatt.Characteristic.Properties.READ, readable, t.encode()) for u, t in told.items()],
    )


def _service_field(uuid: str) -> Field:
    short = _uuid(uuid).to_bytes()
    kind = AdvertisingData.Type.INCOMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS
    if len(short) == 2:
        kind = AdvertisingData.Type.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS
    return kind, short


def _uuid(text: str) -> UUID:
    """Return a UUID as short as it can be written on the air."""
    full = full_uuid(text)
    return UUID(full[4:8]) if full_uuid(full[4:8]) == full else UUID(full)


def _name_field(name: str, room: int) -> Field:
    whole = name.encode()
    if len(whole) <= room - _HEAD:
        return AdvertisingData.Type.COMPLETE_LOCAL_NAME, whole
    return AdvertisingData.Type.SHORTENED_LOCAL_NAME, whole[: room - _HEAD].decode(errors="ignore").encode()


def _as_bytes(fields: Iterable[Field]) -> bytes:
    return b"".join(bytes([len(data) + 1, kind]) + data for kind, data in fields)
