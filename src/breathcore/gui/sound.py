"""The sounds of a session: scheduled ahead on the session clock, played by a thread of the sound library's own."""

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Protocol

import miniaudio

from breathcore.gui.tones import F32, RATE_HZ, Cue, Mixer, cues_of, tones
from breathcore.model.drill import Effect, EffectKind, Stage
from breathcore.model.message import Message, message

PERIOD_S = 0.02  # of the sound device: what is asked for now is heard about one period later
_JUMP_S = 0.1  # the two clocks are this far apart: start over; below, they are drawn together softly
_PULL = 0.1

Render = Callable[[int], F32]
_QUIET = frozenset({Stage.PAUSED, Stage.LOST, Stage.DIZZY, Stage.FINISHED})
_AT_ONCE = {
    EffectKind.COUNT: Cue.REST,
    EffectKind.SET_OVER: Cue.SET_OVER,
    EffectKind.SIGNAL_LOST: Cue.SIGNAL_LOST,
    EffectKind.SIGNAL_BACK: Cue.SIGNAL_BACK,
}


class Output(Protocol):
    """Where samples go."""

    def start(self, render: Render) -> None:
        """Begin asking `render(n)` for n mono samples at a time, from any thread."""
        ...

    def close(self) -> None:
        """Stop asking."""
        ...


class SilentOutput:
    """No sound device: nothing is asked for, nothing is heard."""

    def start(self, render: Render) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class DeviceOutput:
    """The machine's sound device.

    Parameters
    ----------
    backends : list[miniaudio.Backend] | None
        Which sound systems to try; None: every real one. The library's own list ends in one that plays to
        nowhere, which would hide that there is no device.

    Raises
    ------
    miniaudio.MiniaudioError
        No device can be opened.
    """

    def __init__(self, backends: list[miniaudio.Backend] | None = None) -> None:
        self._device = miniaudio.PlaybackDevice(
            output_format=miniaudio.SampleFormat.FLOAT32,
            nchannels=1,
            sample_rate=RATE_HZ,
            buffersize_msec=round(1000 * PERIOD_S),
            backends=_real_backends() if backends is None else backends,
            app_name="breathcore",
        )

    @property
    def system(self) -> str:
        """The name of the sound system it was opened with."""
        return str(self._device.backend)

    def start(self, render: Render) -> None:
        """Begin asking `render` for samples in the library's thread."""
        stream = _stream(render)
        next(stream)
        self._device.start(stream)

    def close(self) -> None:
        """Stop and release the device."""
        self._device.close()


def _real_backends() -> list[miniaudio.Backend]:
    left_out = {miniaudio.Backend.NULL, miniaudio.Backend.CUSTOM}
    if not Path("/dev/snd").exists():  # no card: ALSA would only fill the terminal with complaints
        left_out.add(miniaudio.Backend.ALSA)
    return [b for b in miniaudio.Backend if b not in left_out]


def _stream(render: Render) -> Generator[bytes, int, None]:
    n = yield b""
    while True:
        n = yield render(n).tobytes()


def open_output() -> tuple[Output, Message | None]:
    """Return the machine's sound device, or silence and the sentence that says so."""
    try:
        return DeviceOutput(), None
    except (miniaudio.MiniaudioError, OSError):
        return SilentOutput(), message("sound.no-device")


class Sounds:
    """Plays a session's effects. Phases are scheduled from the timeline, so that none waits for a frame.

    Parameters
    ----------
    now_s : Callable[[], float]
        The session clock, callable from any thread.
    output : Output
        Where samples go.
    volume : int
        0 (off) to 100.
    """

    def __init__(self, now_s: Callable[[], float], output: Output, volume: int = 60) -> None:
        self._now_s = now_s
        self._output = output
        self._mixer = Mixer(tones())
        self._next_s: float | None = None
        self.set_volume(volume)
        output.start(self.render)

    def set_volume(self, volume: int) -> None:
        """Set the volume, 0 (off) to 100; half way sounds half as loud."""
        self._mixer.gain = (min(max(volume, 0), 100) / 100.0) ** 2

    def take(self, effect: Effect) -> None:
        """Schedule or play what belongs to `effect`."""
        if effect.kind is EffectKind.TARGET and effect.timeline is not None:
            self._mixer.schedule(cues_of(effect.timeline))
        elif effect.kind is EffectKind.STAGE and effect.value in _QUIET:
            self._mixer.schedule(())
        elif effect.kind in _AT_ONCE:
            self._mixer.play(_AT_ONCE[effect.kind])

    def render(self, n: int) -> F32:
        """Return the next `n` samples; called by the output's thread, a period ahead of what is heard."""
        wanted_s = self._now_s() + PERIOD_S
        if self._next_s is None or abs(wanted_s - self._next_s) > _JUMP_S:
            self._next_s = wanted_s
        else:
            self._next_s += _PULL * (wanted_s - self._next_s)
        start_s = self._next_s
        self._next_s = start_s + n / RATE_HZ
        return self._mixer.render(start_s, n)

    def close(self) -> None:
        """Stop the sound."""
        self._output.close()
