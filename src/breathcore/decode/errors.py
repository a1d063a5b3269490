"""How the pure decoders say that bytes are no good."""

from breathcore.model.blocks import Fault, FaultReason
from breathcore.model.errors import BreathcoreError, Reason


class DecodeError(BreathcoreError):
    """Bytes that cannot be read. Codecs turn it into a `Fault`; it never leaves `Codec.receive`.

    Parameters
    ----------
    fault : FaultReason
        What is wrong.
    offset : int
        Byte of the payload at which it is wrong.
    detail : str
        The offending value, where there is one.
    """

    def __init__(self, fault: FaultReason, offset: int = 0, detail: str = "") -> None:
        super().__init__(Reason.BYTES_UNREADABLE, fault=fault.value, offset=offset, detail=detail)
        self.fault = fault
        self.offset = offset
        self.detail = detail

    def at(self, endpoint: str) -> Fault:
        """Return the fault of a packet of `endpoint`."""
        return Fault(self.fault, endpoint, self.offset, self.detail)
