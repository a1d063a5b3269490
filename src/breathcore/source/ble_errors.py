"""What the Bluetooth library reports, as reasons a person can act on.

The causes were met with bleak's own Linux backend: no system bus gives FileNotFoundError (not a BleakError), a bus
without a Bluetooth service gives a D-Bus error name, a bus that dies gives EOFError or ConnectionError.
"""

from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakCharacteristicNotFoundError,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakGATTProtocolError,
    BleakGATTProtocolErrorCode,
)

from breathcore.model.errors import RadioError, Reason
from breathcore.model.message import Param
from breathcore.model.packets import LinkReason

_UNAVAILABLE = {
    BleakBluetoothNotAvailableReason.NO_BLUETOOTH: Reason.NO_ADAPTER,
    BleakBluetoothNotAvailableReason.NO_BLE_CENTRAL_ROLE: Reason.NO_ADAPTER,
    BleakBluetoothNotAvailableReason.POWERED_OFF: Reason.ADAPTER_OFF,
    BleakBluetoothNotAvailableReason.DENIED_BY_USER: Reason.NO_PERMISSION,
    BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM: Reason.NO_PERMISSION,
    BleakBluetoothNotAvailableReason.DENIED_BY_UNKNOWN: Reason.NO_PERMISSION,
}
_DBUS = {
    "org.freedesktop.DBus.Error.ServiceUnknown": Reason.NO_BLUETOOTH_SERVICE,
    "org.freedesktop.DBus.Error.NameHasNoOwner": Reason.NO_BLUETOOTH_SERVICE,
    "org.freedesktop.DBus.Error.Disconnected": Reason.NO_BLUETOOTH_SERVICE,
    "org.freedesktop.DBus.Error.NoReply": Reason.NO_BLUETOOTH_SERVICE,
    "org.freedesktop.DBus.Error.AccessDenied": Reason.NO_PERMISSION,
    "org.bluez.Error.NotPermitted": Reason.NO_PERMISSION,
    "org.bluez.Error.NotAuthorized": Reason.NO_PERMISSION,
    "org.bluez.Error.NotReady": Reason.ADAPTER_OFF,
}

RADIO_REASONS = {
    Reason.NO_ADAPTER: LinkReason.NO_ADAPTER,
    Reason.ADAPTER_OFF: LinkReason.ADAPTER_OFF,
    Reason.NO_PERMISSION: LinkReason.NO_PERMISSION,
    Reason.NO_BLUETOOTH_SERVICE: LinkReason.NO_SERVICE,
    Reason.DEVICE_NOT_FOUND: LinkReason.CONNECT_FAILED,  # heard, but gone when it was to be connected
}
_GATT = {
    BleakGATTProtocolErrorCode.INSUFFICIENT_AUTHENTICATION: LinkReason.NOT_PAIRED,
    BleakGATTProtocolErrorCode.INSUFFICIENT_ENCRYPTION: LinkReason.NOT_PAIRED,
    BleakGATTProtocolErrorCode.INSUFFICIENT_AUTHORIZATION: LinkReason.NOT_PAIRED,
}
_WORDS = (  # what the platforms write into errors that have no type of their own, in lower case; the first one holds
    ("authentication", LinkReason.NOT_PAIRED),
    ("not paired", LinkReason.NOT_PAIRED),
    ("encryption", LinkReason.NOT_PAIRED),
    ("notify acquired", LinkReason.TAKEN),
    ("already connected", LinkReason.TAKEN),
    ("alreadyconnected", LinkReason.TAKEN),
    ("notauthorized", LinkReason.NOT_PAIRED),
    ("notpermitted", LinkReason.NOT_PAIRED),
    ("access denied", LinkReason.TAKEN),  # Windows: another program holds the service
    ("refused", LinkReason.REFUSED),
    ("rejected", LinkReason.REFUSED),
    ("abort-by-remote", LinkReason.REFUSED),
    ("connection limit", LinkReason.REFUSED),
)
_BUSY = ("org.bluez.Error.InProgress", "org.bluez.Error.Busy")


def reason_of(error: Exception, otherwise: Reason) -> Reason:
    """Return why the radio failed; `otherwise` where the error itself does not tell."""
    match error:
        case RadioError():
            return error.reason
        case BleakBluetoothNotAvailableError():
            return _UNAVAILABLE.get(error.reason, Reason.NO_ADAPTER)
        case BleakDBusError():
            return _DBUS.get(error.dbus_error, otherwise)
        case BleakDeviceNotFoundError():
            return Reason.DEVICE_NOT_FOUND
        case PermissionError():
            return Reason.NO_PERMISSION
        case TimeoutError():  # an OSError too, but it speaks of one call, not of the bus
            return otherwise
        case OSError() | EOFError():
            return Reason.NO_BLUETOOTH_SERVICE
    return otherwise


def radio_error(error: Exception, otherwise: Reason, **params: Param) -> RadioError:
    """Return `error` as a RadioError; `params` are the facts of the call, `detail` the library's own words."""
    if isinstance(error, RadioError):
        return error
    return RadioError(reason_of(error, otherwise), **params, detail=describe(error))


def describe(error: Exception) -> str:
    """Return the error's type and its own words on one line."""
    words = ", ".join(str(part) for part in error.args)
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def link_reason(error: Exception, otherwise: LinkReason) -> LinkReason:
    """Return why a connection or a subscription failed; `otherwise` where the error itself does not tell."""
    if isinstance(error, BleakCharacteristicNotFoundError):
        return LinkReason.NO_STREAM
    if isinstance(error, BleakGATTProtocolError) and error.code in _GATT:
        return _GATT[error.code]
    if isinstance(error, TimeoutError):
        return LinkReason.CONNECT_TIMEOUT
    words = describe(error).casefold()
    if "org.freedesktop.dbus." not in words:
        for word, reason in _WORDS:
            if word in words:
                return reason
    return RADIO_REASONS.get(reason_of(error, Reason.CONNECT_FAILED), otherwise)


def is_busy(error: BaseException | None) -> bool:
    """Return whether the radio was doing something else: trying again soon is all there is to do."""
    return isinstance(error, BleakDBusError) and error.dbus_error in _BUSY
