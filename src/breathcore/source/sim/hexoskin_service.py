"""The shirt's side of a Hexoskin Smart: a packet a breath, and once a second what the wearer's legs do."""

import math

import numpy as np

from breathcore.decode.hexoskin import PHASES_PER_S, HexoskinActivityCodec, HexoskinRespirationCodec
from breathcore.model.blocks import RawBlock
from breathcore.model.device import EndpointSpec, Role
from breathcore.source.sim.body import Body
from breathcore.source.sim.breath_reports import BreathReports
from breathcore.source.sim.services import Sent
from breathcore.source.sim.truth import TrueBreath

_ACTIVITY_EVERY_S = 1.0
_SITTING = {"steps": 0.0, "1": 3 / 256, "steps/min": 0.0}


class HexoskinRespirationService:
    """Sends rate and phases of each breath when it has ended."""

    def __init__(self, endpoint: EndpointSpec, body: Body) -> None:
        self._body = body
        self._codec = HexoskinRespirationCodec(endpoint.id, endpoint.channels)
        self._channels = endpoint.channels
        self._reports = BreathReports(body)

    @property
    def next_s(self) -> float:
        """When it next looks for a breath that has ended."""
        return self._reports.next_s

    def connect(self, t_s: float) -> None:
        """Begin to report."""
        self._reports.start(t_s)

    def disconnect(self) -> None:
        """Stop."""
        self._reports.stop()

    def send(self) -> Sent:
        """Return a packet for each breath that has ended."""
        now_s = self.next_s
        return tuple(packet for breath in self._reports.take() for packet in self._sent(breath, now_s))

    def _sent(self, breath: TrueBreath, now_s: float) -> Sent:
        phases = np.diff([breath.inhale_onset_s, breath.exhale_onset_s, breath.end_s])
        counts = np.rint(phases * PHASES_PER_S).clip(1, 0xFFFF)
        rate_bpm = float(max(round(60.0 / (breath.end_s - breath.inhale_onset_s)), 1))
        values = {Role.RESPIRATION_RATE: np.array([[rate_bpm]]), Role.BREATH_PHASES: counts[None, :] / PHASES_PER_S}
        blocks = [RawBlock(c, values[c.role], None, now_s) for c in self._channels]
        for block in blocks:
            self._body.sent(block)
        return self._codec.encode(*blocks)

    def read(self, name: str, t_s: float) -> bytes | None:
        """Return None: nothing can be read."""
        return None

    def write(self, name: str, payload: bytes, t_s: float) -> Sent:
        """Take a write without an answer."""
        return ()


class HexoskinActivityService:
    """Sends steps, activity and cadence of somebody who sits."""

    def __init__(self, endpoint: EndpointSpec, body: Body) -> None:
        self._body = body
        self._codec = HexoskinActivityCodec(endpoint.id, endpoint.channels)
        self._channels = endpoint.channels
        self.next_s = math.inf

    def connect(self, t_s: float) -> None:
        """Begin to send, first one second from now."""
        self.next_s = t_s + _ACTIVITY_EVERY_S

    def disconnect(self) -> None:
        """Stop sending."""
        self.next_s = math.inf

    def send(self) -> Sent:
        """Return the packet due now."""
        blocks = [RawBlock(c, np.array([[_SITTING[c.unit]]]), None, self.next_s) for c in self._channels]
        self.next_s += _ACTIVITY_EVERY_S
        for block in blocks:
            self._body.sent(block)
        return self._codec.encode(*blocks)

    def read(self, name: str, t_s: float) -> bytes | None:
        """Return None: nothing can be read."""
        return None

    def write(self, name: str, payload: bytes, t_s: float) -> Sent:
        """Take a write without an answer."""
        return ()
