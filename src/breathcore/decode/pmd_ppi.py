"""Polar's beat-to-beat intervals found by light (PPI): frames of beats instead of samples.

Source: the vendor's SDK (its parser, tests and PPIData.md). The frame's stamp is the time of its last beat; the others
lie one interval apart before it. Some devices send the stamp 0: such beats have no time of their own.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from breathcore.decode.errors import DecodeError
from breathcore.decode.pmd_forms import Samples
from breathcore.decode.pmd_frames import decode_frame
from breathcore.decode.pmd_stream import STAMP_LIMIT_NS, PmdStream, reset_ns
from breathcore.model.arrays import I64
from breathcore.model.blocks import FaultReason, RawBlock

_NS_PER_MS = 1_000_000
_GAP_BEATS = 2  # between two frames: fewer may be a beat that the device itself left out


@dataclass(slots=True)
class PpiStream(PmdStream):
    """Intervals in s. `lost_n` counts the beats lost right before the next block, from the connection on.

    Beats that the device doubts (the wearer moved) or saw without skin contact, where it senses that, are dropped and
    counted as lost; so is an interval of zero. Each run of good beats is a block.
    """

    lost_n: int = 1

    def blocks(self, payload: bytes, t_host_s: float) -> tuple[RawBlock, ...]:
        """Return the runs of good beats in a frame. Raises DecodeError as `PmdStream.blocks` does."""
        frame = decode_frame(payload, self.factor)
        stamp_ns, intervals_ms = frame.timestamp_ns, frame.samples[:, 1].astype(np.int64)
        if stamp_ns >= STAMP_LIMIT_NS:
            raise DecodeError(FaultReason.OUT_OF_RANGE, 1, str(stamp_ns))
        if 0 < stamp_ns < intervals_ms.sum() * _NS_PER_MS:
            raise DecodeError(FaultReason.NEGATIVE_TIMESTAMP, 1, str(stamp_ns))
        self._follow(stamp_ns, intervals_ms, t_host_s)
        ends_ns = stamp_ns - (intervals_ms[::-1].cumsum()[::-1] - intervals_ms) * _NS_PER_MS
        return tuple(
            RawBlock(
                self.channel,
                intervals_ms[run, None] / 1000.0,
                np.multiply(ends_ns[run], 1e-9) if stamp_ns else None,
                t_host_s,
                lost_n,
            )
            for lost_n, run in self._runs(_good(frame.samples))
        )

    def _follow(self, stamp_ns: int, intervals_ms: I64, t_host_s: float) -> None:
        """Take note of the stamp, and of the beats that are missing before the frame."""
        step_ns, host_step_ns = stamp_ns - self.previous_ns, (t_host_s - self.previous_host_s) * 1e9
        if self.previous_ns and stamp_ns:
            span_ns = float(intervals_ms.sum()) * _NS_PER_MS
            if max(-step_ns, step_ns - host_step_ns) > reset_ns(span_ns):
                self.lost_n = max(self.lost_n, 1)
            elif step_ns <= 0:
                raise DecodeError(FaultReason.NOT_RISING, 1, f"{stamp_ns} after {self.previous_ns}")
            else:
                self.lost_n += _missing_n(step_ns, intervals_ms)
        self.previous_ns, self.previous_host_s = stamp_ns, t_host_s

    def _runs(self, good: npt.NDArray[np.bool_]) -> Iterator[tuple[int, slice]]:
        """Yield the runs of good beats, each with the beats lost right before it."""
        edges = np.flatnonzero(np.diff(good.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
        end = 0
        for first, next_end in edges.tolist():
            yield self.lost_n + first - end, slice(first, next_end)
            self.lost_n, end = 0, next_end
        self.lost_n += len(good) - end


def _good(samples: Samples) -> npt.NDArray[np.bool_]:
    interval_ms, blocker, contact, supported = samples[:, [1, 3, 4, 5]].T
    return np.asarray((interval_ms > 0) & (blocker == 0) & ((contact == 1) | (supported == 0)))


def _missing_n(step_ns: int, intervals_ms: I64) -> int:
    typical_ms = max(float(intervals_ms.mean()), 1.0)
    missing = (step_ns / _NS_PER_MS - float(intervals_ms.sum())) / typical_ms
    return round(missing) if missing > _GAP_BEATS else 0
