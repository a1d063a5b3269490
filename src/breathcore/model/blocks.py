"""Decoded samples, before and after the clock."""

from dataclasses import dataclass
from enum import StrEnum

from breathcore.model.arrays import F64
from breathcore.model.device import ChannelSpec
from breathcore.model.packets import LinkEvent, Request


@dataclass(frozen=True, slots=True, eq=False)
class RawBlock:
    """Samples as the device stamped them.

    `x` is (n_samples, n_axes) in the channel's unit; `t_device_s` is (n_samples,) on the device's own clock, or
    None where it has none; `t_host_s` is the packet's arrival on the host's monotonic clock; `lost_n` is the
    number of samples known to be missing right before the block.
    """

    channel: ChannelSpec
    x: F64
    t_device_s: F64 | None
    t_host_s: float
    lost_n: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class SampleBlock:
    """Samples on the session clock: `t_s` (n_samples,) strictly rising and read-only, `x` (n_samples, n_axes).

    `gap_before` marks that samples are missing between the previous block of this channel and this one.
    """

    channel: ChannelSpec
    t_s: F64
    x: F64
    gap_before: bool = False


class FaultReason(StrEnum):
    """Why bytes could not be read."""

    TRUNCATED = "truncated"
    BAD_LENGTH = "bad_length"
    BAD_HEADER = "bad_header"
    UNSUPPORTED_FRAME = "unsupported_frame"
    NOT_FEATURES = "not_features"
    BAD_CHECKSUM = "bad_checksum"
    BAD_COUNTER = "bad_counter"
    OUT_OF_RANGE = "out_of_range"
    SUSPECT = "suspect"  # a step that no body makes: damaged in all likelihood
    TS_AND_RATE_ZERO = "ts_and_rate_zero"
    NEGATIVE_TIMESTAMP = "negative_timestamp"
    NOT_RISING = "not_rising"  # duplicated or reordered frame
    REFUSED = "refused"  # the device answered a request with an error
    UNEXPECTED = "unexpected"


@dataclass(frozen=True, slots=True)
class Fault:
    """Bytes that could not be used: where and why. Counted and shown; the session goes on."""

    reason: FaultReason
    endpoint: str
    offset: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Received:
    """What a codec made of one packet."""

    blocks: tuple[RawBlock, ...] = ()
    requests: tuple[Request, ...] = ()
    events: tuple[LinkEvent, ...] = ()
    faults: tuple[Fault, ...] = ()
