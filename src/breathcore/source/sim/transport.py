"""The radio between strap and host: delay, order, gaps and damage, in virtual time."""

import numpy as np

from breathcore.model.packets import Direction, Packet
from breathcore.source.sim.faults import Damage, FaultSpec, inside

_DELAY_S = (0.005, 0.030)
_TURN_S = 0.030  # a request is answered after at least this
_APART_S = 0.0005  # packets of one link never share a moment
_LATE_S = (0.25, 0.9)
_MOST_FLIPS = 3


class Transport:
    """Carries notifications and answers of one device; `t0_host_ns` is the host's clock at session time 0.

    `number` tells devices with the same seed apart.
    """

    def __init__(self, device: str, faults: FaultSpec, seed: int, t0_host_ns: int, number: int = 0) -> None:
        self._device, self._faults, self._t0_host_ns = device, faults, t0_host_ns
        self._rng = np.random.default_rng([seed, 7, number])
        self._last_s = 0.0
        self.damage = Damage()

    def host_ns(self, t_s: float) -> int:
        """Return the host stamp of session time `t_s`."""
        return self._t0_host_ns + round(t_s * 1e9)

    def packet(self, t_s: float, endpoint: str, direction: Direction, payload: bytes) -> Packet:
        """Return the packet as the host sees it at `t_s`."""
        return Packet(self._device, endpoint, direction, self.host_ns(t_s), payload)

    def answer(self, t_s: float, endpoint: str, direction: Direction, payload: bytes) -> tuple[Packet, ...]:
        """Return the answer, sent at `t_s`, to a request: late but whole; nothing where there is no link then."""
        at_s = self._arrival_s(t_s + _TURN_S)
        return () if inside(self._faults.gaps, at_s) else (self.packet(at_s, endpoint, direction, payload),)

    def notify(self, t_s: float, endpoint: str, payload: bytes) -> tuple[Packet, ...]:
        """Return what arrives of a notification sent at `t_s`: one packet, two, or none."""
        if inside(self._faults.off, t_s) or inside(self._faults.gaps, t_s):
            return ()
        at_s = self._arrival_s(t_s, late=self._happens(self._faults.reordering, t_s))
        if self._happens(self._faults.loss, t_s):
            self.damage.lost += 1
            return ()
        if inside(self._faults.gaps, at_s):
            return ()
        whole = self.packet(at_s, endpoint, Direction.NOTIFY, self._spoilt(payload, t_s))
        if not self._happens(self._faults.duplication, t_s):
            return (whole,)
        self.damage.duplicated += 1
        again_s = self._arrival_s(at_s)
        return (whole, self.packet(again_s, endpoint, Direction.NOTIFY, whole.payload))

    def _arrival_s(self, t_s: float, *, late: bool = False) -> float:
        at_s = t_s + float(self._rng.uniform(*_DELAY_S))
        if self._faults.jitter_s:
            at_s += float(self._rng.exponential(self._faults.jitter_s))
        at_s = max([at_s] + [b for a, b in self._faults.stalls if a <= at_s < b])
        at_s = max(at_s, self._last_s + _APART_S)
        if late:
            self.damage.reordered += 1
            return at_s + float(self._rng.uniform(*_LATE_S))
        self._last_s = at_s
        return at_s

    def _happens(self, probability: float, t_s: float) -> bool:
        return probability > 0.0 and t_s >= self._faults.damage_from_s and float(self._rng.random()) < probability

    def _spoilt(self, payload: bytes, t_s: float) -> bytes:
        if len(payload) > 1 and self._happens(self._faults.truncation, t_s):
            self.damage.truncated += 1
            payload = payload[: int(self._rng.integers(1, len(payload)))]
        if self._happens(self._faults.corruption, t_s):
            self.damage.corrupted += 1
            spoilt = bytearray(payload)
            for bit in self._rng.choice(8 * len(payload), min(_MOST_FLIPS, 8 * len(payload)), replace=False).tolist():
                spoilt[bit // 8] ^= 1 << bit % 8
            payload = bytes(spoilt)
        return payload
