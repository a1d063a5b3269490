"""Faults as a person writes them: ``drop=10-14,30-31; silence=3; loss=0.01``."""

from collections.abc import Callable
from dataclasses import replace

from breathcore.model.errors import BreathcoreError, Reason
from breathcore.source.sim.faults import NO_FAULTS, FaultSpec, Span


def faults_of(text: str) -> FaultSpec:
    """Return the faults that `text` lists, parted by semicolons. Raises BreathcoreError (INVALID_VALUE).

    Spans of session time in seconds, several parted by commas: ``drop``, ``refuse``, ``stall``, ``off``, ``table``,
    ``loose``, ``contact``. Moments: ``end`` (streams end by themselves), ``battery`` (empty then). Shares:
    ``loss``, ``duplicate``, ``reorder``, ``truncate``, ``corrupt``, ``rate`` (samples faster). Seconds: ``silence``
    (before a drop is noticed), ``jitter``, ``from`` (single packets are spoilt from then on); ``ppm`` of the clock.
    """
    faults = NO_FAULTS
    for part in filter(None, (p.strip() for p in text.split(";"))):
        word, _, value = part.partition("=")
        known = _WORDS.get(word.strip())
        if known is None:
            raise BreathcoreError(Reason.INVALID_VALUE, name="fault", value=word.strip(), bound=", ".join(_WORDS))
        field, read = known
        try:
            faults = replace(faults, **{field: read(value.strip())})  # type: ignore[arg-type]
        except ValueError:
            raise BreathcoreError(Reason.INVALID_VALUE, name=word, value=value, bound=_BOUNDS[read]) from None
    return faults


def _spans(text: str) -> tuple[Span, ...]:
    return tuple(_span(part) for part in text.split(","))


def _span(text: str) -> Span:
    first, _, last = text.partition("-")
    span = _seconds(first), _seconds(last)
    if span[0] >= span[1]:
        raise ValueError
    return span


def _moments(text: str) -> tuple[float, ...]:
    return tuple(_seconds(part) for part in text.split(","))


def _seconds(text: str) -> float:
    return _within(text, 0.0, 1e6)


def _share(text: str) -> float:
    return _within(text, 0.0, 1.0)


def _change(text: str) -> float:
    return _within(text, -0.5, 0.5)


def _ppm(text: str) -> float:
    return _within(text, -1e5, 1e5)


def _within(text: str, least: float, most: float) -> float:
    value = float(text)
    if not least <= value <= most:  # nan too
        raise ValueError
    return value


_WORDS: dict[str, tuple[str, Callable[[str], object]]] = {
    "drop": ("link_lost", _spans),
    "silence": ("silence_s", _seconds),
    "refuse": ("refused", _spans),
    "stall": ("stalls", _spans),
    "end": ("stream_ends", _moments),
    "battery": ("battery_dead_s", _seconds),
    "off": ("off", _spans),
    "table": ("table", _spans),
    "loose": ("loose", _spans),
    "contact": ("contact_lost", _spans),
    "loss": ("loss", _share),
    "duplicate": ("duplication", _share),
    "reorder": ("reordering", _share),
    "truncate": ("truncation", _share),
    "corrupt": ("corruption", _share),
    "jitter": ("jitter_s", _seconds),
    "from": ("damage_from_s", _seconds),
    "ppm": ("clock_ppm", _ppm),
    "rate": ("rate_error", _change),
}
_BOUNDS: dict[Callable[[str], object], str] = {
    _spans: "10-14,30-31",
    _moments: "10,30",
    _seconds: "0–1000000",
    _share: "0–1",
    _change: "-0.5–0.5",
    _ppm: "-100000–100000",
}
