"""The strap's side of the heart rate and battery services, and what every service of a virtual strap promises."""

import math
from typing import Protocol

import numpy as np

from breathcore.decode.battery import encode_level
from breathcore.decode.heart_rate import RR_PER_S, HeartRateMeasurement, encode_measurement
from breathcore.model.blocks import RawBlock
from breathcore.model.device import EndpointSpec, Role
from breathcore.source.sim.body import Body

Sent = tuple[tuple[str, bytes], ...]  # (endpoint, payload) of notifications
_HR_EVERY_S = 1.0
_DETECTED_AFTER_S = 0.15  # a beat is known this long after its R peak
_SMOOTHED_N = 5  # beats behind the heart rate that is sent
_BATTERY_PERCENT = 87
_BATTERY_EVERY_S = 60.0
_BATTERY_DYING_EVERY_S = 1.0
_BATTERY_PER_S = 1.0 / 1800.0


class Service(Protocol):
    """One endpoint group of a connected strap."""

    @property
    def next_s(self) -> float:
        """When it next has something to send by itself (inf: not now)."""
        ...

    def send(self) -> Sent:
        """Return what is due at `next_s` and move on."""
        ...

    def connect(self, t_s: float) -> None:
        """Begin: a host has subscribed to everything."""
        ...

    def disconnect(self) -> None:
        """End: forget the conversation."""
        ...

    def read(self, name: str, t_s: float) -> bytes | None:
        """Return the value of a characteristic, None where it cannot be read."""
        ...

    def write(self, name: str, payload: bytes, t_s: float) -> Sent:
        """Take a write; return the indications that answer it."""
        ...


class HeartService:
    """0x180D: the heart rate over the last beats, and the intervals of the beats since the last time.

    It is sent as often as the file says; intervals only if it has a channel for them (a Verity Sense sends none). A
    beat's interval is missing where the beat before it was not detected. Plain straps send contact bits; Polar devices
    leave them unset.
    """

    def __init__(self, endpoint: EndpointSpec, body: Body) -> None:
        self._measurement = f"{endpoint.id}.measurement"
        self._sensors, self._clock, self._sent = body.sensors, body.clock, body.sent
        by_role = {c.role: c for c in endpoint.channels}
        self._hr, self._rr = by_role.get(Role.HEART_RATE), by_role.get(Role.RR)
        self._every_s = _HR_EVERY_S if self._hr is None else self._hr.expected_interval_s
        self._contact_bits = all(e.codec != "polar_pmd" for e in body.device.endpoints)
        self._since_s = 0.0
        self._count: int | None = None
        self._recent: list[int] = []
        self.next_s = math.inf

    def connect(self, t_s: float) -> None:
        """Begin to send, first one interval from now."""
        self._since_s = t_s - _DETECTED_AFTER_S
        self._count, self._recent = None, []
        self.next_s = t_s + self._every_s

    def disconnect(self) -> None:
        """Stop sending."""
        self.next_s = math.inf

    def send(self) -> Sent:
        """Return the measurement due now."""
        now_s = self.next_s
        self.next_s += self._every_s
        contact = self._sensors.has_contact(now_s)
        if not contact:
            self._count, self._recent = None, []
        counts = self._new_counts(now_s - _DETECTED_AFTER_S)
        hr_bpm = round(60.0 * RR_PER_S / np.mean(self._recent)) if self._recent and contact else 0
        value = HeartRateMeasurement(hr_bpm, counts if self._rr else (), contact if self._contact_bits else None)
        if value.contact is not False:
            self._tell(value, now_s)
        return ((self._measurement, encode_measurement(value)),)

    def _tell(self, value: HeartRateMeasurement, now_s: float) -> None:
        """Say what the measurement holds: no heart rate of zero, which means none."""
        if self._hr is not None and value.hr_bpm:
            self._sent(RawBlock(self._hr, np.array([[float(value.hr_bpm)]]), None, now_s))
        if self._rr is not None and value.rr_1024:
            self._sent(RawBlock(self._rr, np.array(value.rr_1024)[:, None] / RR_PER_S, None, now_s))

    def _new_counts(self, to_s: float) -> tuple[int, ...]:
        found: list[int] = []
        for beat_s in self._sensors.beats(self._since_s, to_s).tolist():
            count = round(self._clock.seconds(beat_s) * RR_PER_S)
            if self._count is not None:
                found.append(count - self._count)
            self._count = count
        self._since_s = to_s
        self._recent = (self._recent + found)[-_SMOOTHED_N:]
        return tuple(found)

    def read(self, name: str, t_s: float) -> bytes | None:
        """Return None: a measurement is only notified."""
        return None

    def write(self, name: str, payload: bytes, t_s: float) -> Sent:
        """Take a write without an answer."""
        return ()


class BatteryService:
    """0x180F: the level on request, and by itself when it has changed.

    It is looked at once a minute, or once a second where the battery is dying.
    """

    def __init__(self, endpoint: EndpointSpec, body: Body) -> None:
        self._level = f"{endpoint.id}.level"
        self._dead_s = body.faults.battery_dead_s
        self._every_s = _BATTERY_EVERY_S if self._dead_s == math.inf else _BATTERY_DYING_EVERY_S
        self._full = _BATTERY_PERCENT
        self._said = self._full
        self.next_s = math.inf

    def connect(self, t_s: float) -> None:
        """Begin to watch the level."""
        self.next_s = t_s + self._every_s

    def disconnect(self) -> None:
        """Stop sending."""
        self.next_s = math.inf

    def send(self) -> Sent:
        """Return the level if it has changed."""
        percent = self._percent(self.next_s)
        self.next_s += self._every_s
        if percent == self._said:
            return ()
        self._said = percent
        return ((self._level, encode_level(percent)),)

    def read(self, name: str, t_s: float) -> bytes | None:
        """Return the level."""
        return encode_level(self._percent(t_s))

    def write(self, name: str, payload: bytes, t_s: float) -> Sent:
        """Take a write without an answer."""
        return ()

    def _percent(self, t_s: float) -> int:
        return max(0, math.floor(self._full * (1.0 - t_s / self._dead_s) - t_s * _BATTERY_PER_S))
