"""The strap's side of a Tymewear VitalPro: a summary of each breath, stamped with its own ticks."""

import numpy as np

from breathcore.decode.tymewear import CS_PER_S, TICK_S, TymewearCodec
from breathcore.model.arrays import F64
from breathcore.model.blocks import RawBlock
from breathcore.model.device import EndpointSpec, Role
from breathcore.model.packets import Direction, Packet
from breathcore.source.sim.body import Body
from breathcore.source.sim.breath_reports import BreathReports
from breathcore.source.sim.services import Sent
from breathcore.source.sim.truth import TrueBreath

_DEPTH_PER_DEG = 300.0


class TymewearService:
    """Sends a packet when a breath has ended."""

    def __init__(self, endpoint: EndpointSpec, body: Body) -> None:
        self._endpoint, self._body = endpoint, body
        self._codec = TymewearCodec(endpoint.id, endpoint.channels)
        self._reader = TymewearCodec(endpoint.id, endpoint.channels)
        self._by_role = {c.role: c for c in endpoint.channels}
        self._reports = BreathReports(body)

    @property
    def next_s(self) -> float:
        """When it next looks for a breath that has ended."""
        return self._reports.next_s

    def connect(self, t_s: float) -> None:
        """Begin to report."""
        self._reader = TymewearCodec(self._endpoint.id, self._endpoint.channels)
        self._reports.start(t_s)

    def disconnect(self) -> None:
        """Stop."""
        self._reports.stop()

    def send(self) -> Sent:
        """Return a packet for each breath that has ended."""
        return tuple(packet for breath in self._reports.take() for packet in self._sent(breath))

    def _sent(self, breath: TrueBreath) -> Sent:
        lengths_s = np.diff([breath.inhale_onset_s, breath.exhale_onset_s, breath.end_s])
        phases: F64 = np.rint(lengths_s * CS_PER_S).clip(1, 0xFFFF) / CS_PER_S
        depth = float(np.rint(abs(breath.amplitude_deg) * _DEPTH_PER_DEG).clip(0, 0xFFFF))
        stamp_s = np.rint(self._body.clock.device_s(np.array([breath.end_s])) / TICK_S) * TICK_S
        values = {Role.BREATH_PHASES: phases[None, :], Role.BREATH_DEPTH: np.array([[depth]])}
        blocks = [
            RawBlock(self._by_role[role], x, stamp_s, breath.end_s)
            for role, x in values.items()
            if role in self._by_role
        ]
        sent = self._codec.encode(*blocks)
        for block in (*blocks, *(rate for endpoint, payload in sent for rate in self._rates(endpoint, payload))):
            self._body.sent(block)
        return sent

    def _rates(self, endpoint: str, payload: bytes) -> list[RawBlock]:
        """Return the rate that follows from a packet: it has no field of its own."""
        t_host_ns = round(self._reports.next_s * 1e9)
        read = self._reader.receive(Packet("", endpoint, Direction.NOTIFY, t_host_ns, payload))
        return [b for b in read.blocks if b.channel.role is Role.RESPIRATION_RATE]

    def read(self, name: str, t_s: float) -> bytes | None:
        """Return None: nothing can be read."""
        return None

    def write(self, name: str, payload: bytes, t_s: float) -> Sent:
        """Take a write without an answer."""
        return ()
