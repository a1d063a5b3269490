"""The sensor's side of Movesense's GATT sensor data: subscriptions, a status before the data, beats as they come."""

import math
from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from breathcore.decode.errors import DecodeError
from breathcore.decode.movesense import NAMES, from_wire, notifications, to_wire
from breathcore.decode.movesense_packets import (
    OK,
    Code,
    MoveCommand,
    MoveNotification,
    Op,
    decode_command,
    encode_notification,
    is_event,
    rate_of,
    rows_of,
    sensors_of,
)
from breathcore.model.blocks import RawBlock
from breathcore.model.device import ChannelSpec, EndpointSpec
from breathcore.source.sim.body import Body
from breathcore.source.sim.services import Sent
from breathcore.source.sim.streams import Stream

_NOT_FOUND, _TOO_MANY = 404, 507
_MOST = 4  # subscriptions at once
_FIRST_DATA_S = 0.2
_LOOK_EVERY_S = 0.25  # for beats
_DETECTED_AFTER_S = 0.15
_SMOOTHED_N = 5  # beats behind the heart rate
_TEMPERATURE_EVERY_S = 5.0
_MS = 1e-3
_MOTION_HZ = (13, 26, 52, 104, 208, 416, 833, 1666)
_ECG_HZ = (125, 128, 200, 250, 256, 500, 512)


class _Feed(Protocol):
    """What comes under one reference."""

    @property
    def next_s(self) -> float: ...

    def send(self) -> list[bytes]:
        """Return the notifications due at `next_s` and move on."""
        ...


class _Sampled:
    """A path with a rate. Only sensors that the file has channels for are felt; the others read zero."""

    def __init__(self, ref: int, path: str, channels: Mapping[str, ChannelSpec], body: Body, t_s: float) -> None:
        self._ref, self._path, self._body = ref, path, body
        self._names = tuple(n for n in sensors_of(path) if n in channels)
        self._stream = Stream(body, tuple(channels[n] for n in self._names), rate_of(path), rows_of(path))
        self._stream.start(t_s + _FIRST_DATA_S)

    @property
    def next_s(self) -> float:
        return self._stream.next_s

    def send(self) -> list[bytes]:
        blocks = {NAMES[b.channel.role]: b for b in self._stream.take()}
        for block in blocks.values():
            self._body.sent(_as_sent(block, self._path))
        return notifications(self._ref, self._path, blocks)


class _Heart:
    """The path of the heart: for every beat after the first the mean rate and its interval."""

    def __init__(self, ref: int, path: str, channels: Mapping[str, ChannelSpec], body: Body, t_s: float) -> None:
        self._ref, self._path, self._channels, self._body = ref, path, channels, body
        self._since_s = t_s - _DETECTED_AFTER_S
        self._last_s: float | None = None
        self._recent_s: list[float] = []
        self.next_s = t_s + _LOOK_EVERY_S

    def send(self) -> list[bytes]:
        now_s = self.next_s
        self.next_s += _LOOK_EVERY_S
        beats = self._body.sensors.beats(self._since_s, now_s - _DETECTED_AFTER_S).tolist()
        self._since_s = now_s - _DETECTED_AFTER_S
        found: list[bytes] = []
        for beat_s in beats:
            if self._last_s is not None:
                found += self._beat(self._body.clock.seconds(beat_s - self._last_s), now_s)
            self._last_s = beat_s
        return found

    def _beat(self, interval_s: float, now_s: float) -> list[bytes]:
        self._recent_s = [*self._recent_s, interval_s][-_SMOOTHED_N:]
        values = {"hr": 60.0 / float(np.mean(self._recent_s)), "rr": interval_s}
        blocks = {
            n: RawBlock(c, np.array([[values[n]]]), None, now_s) for n, c in self._channels.items() if n in values
        }
        for block in blocks.values():
            self._body.sent(_as_sent(block, self._path))
        return notifications(self._ref, self._path, blocks)


class _Thermometer:
    """The path of the temperature."""

    def __init__(self, ref: int, path: str, channels: Mapping[str, ChannelSpec], body: Body, t_s: float) -> None:
        self._ref, self._path, self._channel, self._body = ref, path, channels["temp"], body
        self.next_s = t_s + _FIRST_DATA_S

    def send(self) -> list[bytes]:
        now_s = self.next_s
        self.next_s += _TEMPERATURE_EVERY_S
        block = RawBlock(self._channel, self._body.sensors.read(self._channel, np.array([now_s])), None, now_s)
        self._body.sent(_as_sent(block, self._path))
        return notifications(self._ref, self._path, {"temp": block})


_MakeFeed = Callable[[int, str, Mapping[str, ChannelSpec], Body, float], _Feed]
_EVENTS: Mapping[str, _MakeFeed] = {"hr": _Heart, "temp": _Thermometer}


class MovesenseService:
    """Answers as the sensor data app does, at most four subscriptions at once; they end with the link."""

    def __init__(self, endpoint: EndpointSpec, body: Body) -> None:
        self._data, self._body = f"{endpoint.id}.data", body
        self._channels = {NAMES[c.role]: c for c in endpoint.channels}
        self._feeds: dict[int, _Feed] = {}

    @property
    def next_s(self) -> float:
        """When the next packet is full or the heart is looked at."""
        return min((f.next_s for f in self._feeds.values()), default=math.inf)

    def connect(self, t_s: float) -> None:
        """Begin without a subscription."""
        self._feeds = {}

    def disconnect(self) -> None:
        """End every subscription."""
        self._feeds = {}

    def read(self, name: str, t_s: float) -> bytes | None:
        """Return None: nothing here can be read."""
        return None

    def write(self, name: str, payload: bytes, t_s: float) -> Sent:
        """Take a command; return its result."""
        try:
            command = decode_command(payload)
        except DecodeError:
            return ()
        if command.op == Op.HELLO:
            return self._notified([encode_notification(MoveNotification(Code.RESULT, command.ref))])
        status = self._carried_out(command, t_s)
        return self._notified([encode_notification(MoveNotification(Code.RESULT, command.ref, status))])

    def send(self) -> Sent:
        """Return what is due."""
        return self._notified(min(self._feeds.values(), key=lambda f: f.next_s).send())

    def _carried_out(self, command: MoveCommand, t_s: float) -> int:
        """Subscribe or end a subscription; return the status."""
        if command.op == Op.UNSUBSCRIBE:
            return OK if self._feeds.pop(command.ref, None) else _NOT_FOUND
        if command.op != Op.SUBSCRIBE or not self._felt(command.path):
            return _NOT_FOUND
        if command.ref not in self._feeds and len(self._feeds) == _MOST:
            return _TOO_MANY
        make: _MakeFeed = _EVENTS.get(sensors_of(command.path)[0], _Sampled)
        self._feeds[command.ref] = make(command.ref, command.path, self._channels, self._body, t_s)
        return OK

    def _felt(self, path: str) -> bool:
        """Return whether there is such a path and it has a sensor of ours."""
        names = sensors_of(path)
        rates = _ECG_HZ if names == ("ecg",) else _MOTION_HZ
        return any(n in self._channels for n in names) and (is_event(path) or rate_of(path) in rates)

    def _notified(self, payloads: list[bytes]) -> Sent:
        return tuple((self._data, payload) for payload in payloads)


def _as_sent(block: RawBlock, path: str) -> RawBlock:
    """Return `block` rounded to what the wire carries; stamps are whole milliseconds of the first sample."""
    role, stamps_s = block.channel.role, block.t_device_s
    if stamps_s is not None:
        stamps_s = stamps_s + (round(float(stamps_s[0]) / _MS) * _MS - stamps_s[0])
    return RawBlock(block.channel, from_wire(role, to_wire(role, block.x, path), path), stamps_s, block.t_host_s)
