"""One root exception; every failure carries an enum reason, so that words can be chosen without parsing text."""

from enum import StrEnum

from breathcore.model.message import Message, Param, message


class Reason(StrEnum):
    """Why something could not be done. The value is also the id of its sentence (`error.<value>`)."""

    # catalogue files
    CATALOG_NOT_FOUND = "catalog-not-found"
    FILE_INVALID = "file-invalid"  # file, key, problem
    FILE_UNREADABLE = "file-unreadable"  # file, problem
    UNKNOWN_DEVICE = "unknown-device"
    UNKNOWN_DRILL = "unknown-drill"
    DUPLICATE_ID = "duplicate-id"
    # session files
    SESSION_MISSING = "session-missing"
    SESSION_FOREIGN = "session-foreign"
    SESSION_NEWER = "session-newer"
    SESSION_WAL_MISSING = "session-wal-missing"
    SESSION_DAMAGED = "session-damaged"
    SESSION_EXISTS = "session-exists"
    SESSION_IN_USE = "session-in-use"
    NO_DRILL = "no-drill"  # a recording that is no guided session
    DISK_FULL = "disk-full"
    WRITE_FAILED = "write-failed"
    # radio
    NO_ADAPTER = "no-adapter"
    ADAPTER_OFF = "adapter-off"
    NO_PERMISSION = "no-permission"
    NO_BLUETOOTH_SERVICE = "no-bluetooth-service"
    DEVICE_NOT_FOUND = "device-not-found"
    CONNECT_FAILED = "connect-failed"
    DEVICE_TAKEN = "device-taken"
    LINK_LOST = "link-lost"
    TRANSPORT_FAILED = "transport-failed"  # transport, detail
    BYTES_UNREADABLE = "bytes-unreadable"  # fault, offset, detail
    # signals handed to analyse()
    UNKNOWN_ROLE = "unknown-role"
    BAD_SHAPE = "bad-shape"
    BAD_RATE = "bad-rate"
    NO_SIGNAL = "no-signal"
    # imports and exports
    IMPORT_INVALID = "import-invalid"
    EXPORT_FAILED = "export-failed"
    EXPORT_EXISTS = "export-exists"
    FOLDER_NOT_EMPTY = "folder-not-empty"
    # safety
    RED_FLAG = "red-flag"
    NOT_SCREENED = "not-screened"
    AVOID_LIST = "avoid-list"
    NOT_OPENED = "not-opened"  # pattern: a form that only a therapist opens
    # the screen
    NO_DISPLAY = "no-display"
    EXTRA_MISSING = "extra-missing"  # extra: an optional part of breathcore is not installed
    INVALID_VALUE = "invalid-value"  # name, value, bound
    CANCELLED = "cancelled"
    INTERNAL = "internal"


class BreathcoreError(Exception):
    """The root of every error breathcore raises on purpose.

    Parameters
    ----------
    reason : Reason
        What went wrong.
    **params
        The facts of the case: file, key, offset, value, bound …, as the sentence needs them.
    """

    def __init__(self, reason: Reason, **params: Param) -> None:
        self.reason = reason
        self.params = params
        facts = ", ".join(f"{k}={v!r}" for k, v in params.items())
        super().__init__(f"{reason.value}: {facts}" if facts else reason.value)

    @property
    def message(self) -> Message:
        """The sentence to show."""
        return message(f"error.{self.reason.value}", **self.params)


class CatalogError(BreathcoreError):
    """A device or drill file is missing or wrong."""


class SessionFileError(BreathcoreError):
    """A session file cannot be read or written."""


class RadioError(BreathcoreError):
    """Bluetooth is not available or a device cannot be reached."""


class SignalError(BreathcoreError):
    """Arrays handed in do not make a signal."""


class ExchangeError(BreathcoreError):
    """An import or export could not be done."""


class SafetyError(BreathcoreError):
    """A safety gate is closed."""
