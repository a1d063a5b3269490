"""What a person chose last time, kept under the user's configuration folder, and where sessions are kept."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

import platformdirs

from breathcore.model.device import Place
from breathcore.model.errors import BreathcoreError, Reason
from breathcore.model.message import Message, message

APP = "breathcore"
SCALE_LIMITS = (100, 200)  # text size, per cent
SYSTEM = "system"
_NO_SCREENINGS: Mapping[str, "StoredScreening"] = MappingProxyType({})
_NO_RATES: Mapping[str, "StoredRate"] = MappingProxyType({})


class ThemeChoice(StrEnum):
    """Which colours."""

    SYSTEM = SYSTEM
    LIGHT = "light"
    DARK = "dark"


class LanguageChoice(StrEnum):
    """Which language."""

    SYSTEM = SYSTEM
    ENGLISH = "en"
    GERMAN = "de"


class Thinning(StrEnum):
    """How often a person sees their own breath; therapists ask for less, not more."""

    EVERY = "every"  # breath
    THIRD = "third"  # every third breath
    SUMMARY = "summary"  # numbers after each set, never the trace
    BLIND = "blind"  # nothing during a set, then trace and numbers


@dataclass(frozen=True, slots=True)
class StoredScreening:
    """The day (ISO 8601) a person answered the safety questions, question id → yes, and the ids of what they have."""

    on: str
    answers: Mapping[str, bool]
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChosenSensor:
    """A wearable to train with: its profile's id, its address and name in the radio, and where it is worn.

    An empty `address` takes the first wearable of this kind that is heard; `place` is None where nobody said.
    """

    device_id: str
    address: str = ""
    name: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class StoredRate:
    """The slow rate that the resonance finder told a person, and the day (ISO 8601); `by_heart` False: a comfort rate.

    `practised_n` are the good days of practice since, `practised_on` the last of them.
    """

    on: str
    rate_bpm: float
    by_heart: bool = True
    practised_n: int = 0
    practised_on: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """Choices that outlive a session. `screenings` and `rates` are by name or pseudonym ("" where none was given).

    `sensors` are those trained with last, none: the simulated strap. `sides_checked` are the persons who were asked to
    exchange left and right once, `opened` those for whom a therapist has opened the firmer brace.
    """

    language: LanguageChoice = LanguageChoice.SYSTEM
    theme: ThemeChoice = ThemeChoice.SYSTEM
    text_percent: int = 100
    volume_percent: int = 70
    view: str = "wave"
    show_seconds: bool = True
    reduced_motion: bool = False
    thinning: Thinning = Thinning.EVERY
    sensors: tuple[ChosenSensor, ...] = ()
    last_drill: str = ""
    last_pattern: str = ""
    last_minutes: float | None = None
    last_person: str = ""
    screenings: Mapping[str, StoredScreening] = field(default_factory=lambda: _NO_SCREENINGS)
    rates: Mapping[str, StoredRate] = field(default_factory=lambda: _NO_RATES)
    sides_checked: tuple[str, ...] = ()
    opened: tuple[str, ...] = ()

    def screened(self, person: str, screening: StoredScreening) -> "Settings":
        """Return these settings with `screening` as the latest of `person`."""
        return replace(self, screenings=MappingProxyType({**self.screenings, person: screening}))

    def checked(self, person: str) -> "Settings":
        """Return these settings with `person` among those whose sides were checked."""
        return replace(self, sides_checked=tuple(dict.fromkeys((*self.sides_checked, person))))

    def with_opened(self, person: str, *, on: bool) -> "Settings":
        """Return these settings with the firmer brace open for `person`, or not."""
        others = tuple(p for p in self.opened if p != person)
        return replace(self, opened=(*others, person) if on else others)

    def rated(self, person: str, rate: StoredRate) -> "Settings":
        """Return these settings with `rate` as that of `person`."""
        return replace(self, rates=MappingProxyType({**self.rates, person: rate}))


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings, and a sentence where the file could not be used as it was."""

    settings: Settings
    problem: Message | None = None


def settings_path() -> Path:
    """Return the settings file's place."""
    return platformdirs.user_config_path(APP, appauthor=False) / "preferences.json"


def sessions_folder() -> Path:
    """Return the folder that holds sessions unless `--out` says otherwise; it may not exist yet."""
    return platformdirs.user_data_path(APP, appauthor=False) / "sessions"


def load_settings(path: Path | None = None) -> LoadedSettings:
    """Return the stored settings. Never raises: what cannot be read falls back to its default and is told."""
    place = path or settings_path()
    try:
        stored = json.loads(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return LoadedSettings(Settings())
    except (OSError, ValueError, RecursionError):  # ValueError covers damaged JSON and damaged UTF-8
        return LoadedSettings(Settings(), message("settings.damaged", path=str(place)))
    if not isinstance(stored, dict):
        return LoadedSettings(Settings(), message("settings.damaged", path=str(place)))
    return _from_stored(stored, place)


def save_settings(settings: Settings, path: Path | None = None) -> None:
    """Write `settings`; the old file is whole until the new one is. Raises BreathcoreError (WRITE_FAILED)."""
    place = path or settings_path()
    stored = {f.name: getattr(settings, f.name) for f in fields(settings)}
    stored["screenings"] = {
        person: {"on": s.on, "answers": dict(s.answers), "conditions": s.conditions}
        for person, s in settings.screenings.items()
    }
    stored["rates"] = {person: asdict(rate) for person, rate in settings.rates.items()}
    stored["sensors"] = [asdict(sensor) for sensor in settings.sensors]
    part = place.with_suffix(".part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(stored, indent=2, ensure_ascii=False), encoding="utf-8")
        part.replace(place)
    except OSError as error:
        raise BreathcoreError(Reason.WRITE_FAILED, path=str(place), problem=str(error)) from error


def _from_stored(stored: Mapping[str, Any], place: Path) -> LoadedSettings:
    good: dict[str, Any] = {}
    bad: list[str] = []
    stored = _up_to_date(stored)
    for name, check in _CHECKS.items():
        if name not in stored:
            continue
        try:
            good[name] = check(stored[name])
        except (ValueError, TypeError, KeyError, AttributeError):
            bad.append(name)
    problem = message("settings.field", names=", ".join(bad), path=str(place)) if bad else None
    return LoadedSettings(Settings(**good), problem)


def _up_to_date(stored: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return `stored` with the one strap of version 0.1 as the list of sensors that there is now."""
    if "sensors" in stored or not stored.get("last_device"):
        return stored
    strap = {"device_id": stored["last_device"], "address": stored.get("last_device_address", "")}
    return {**stored, "sensors": [strap]}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _between(low: int, high: int) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(value)
        return value

    return check


def _minutes(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(value)
    if not (math.isfinite(value) and 0 < value <= 120):
        raise ValueError(value)
    return float(value)


def _screenings(value: Any) -> Mapping[str, StoredScreening]:
    return MappingProxyType({_text(person): _screening(stored) for person, stored in value.items()})


def _screening(stored: Any) -> StoredScreening:
    answers = {_text(id_): _flag(yes) for id_, yes in stored["answers"].items()}
    return StoredScreening(_text(stored["on"]), answers, tuple(map(_text, stored["conditions"])))


def _rates(value: Any) -> Mapping[str, StoredRate]:
    return MappingProxyType({_text(person): _rate(stored) for person, stored in value.items()})


def _rate(stored: Any) -> StoredRate:
    rate_bpm, practised_n = stored["rate_bpm"], stored.get("practised_n", 0)
    if isinstance(rate_bpm, bool) or not isinstance(rate_bpm, int | float) or not 0 < rate_bpm < math.inf:
        raise ValueError(rate_bpm)
    return StoredRate(
        _text(stored["on"]),
        float(rate_bpm),
        _flag(stored.get("by_heart", True)),
        _between(0, 1_000_000)(practised_n),
        _text(stored.get("practised_on", "")),
    )


def _persons(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError(value)
    return tuple(map(_text, value))


def _sensors(value: Any) -> tuple[ChosenSensor, ...]:
    if not isinstance(value, list):
        raise TypeError(value)
    return tuple(_sensor(stored) for stored in value)


def _sensor(stored: Any) -> ChosenSensor:
    place = stored.get("place")
    return ChosenSensor(
        _text(stored["device_id"]),
        _text(stored.get("address", "")),
        _text(stored.get("name", "")),
        None if place is None else Place(place),
    )


_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "language": LanguageChoice,
    "theme": ThemeChoice,
    "text_percent": _between(*SCALE_LIMITS),
    "volume_percent": _between(0, 100),
    "view": _text,
    "show_seconds": _flag,
    "reduced_motion": _flag,
    "thinning": Thinning,
    "sensors": _sensors,
    "last_drill": _text,
    "last_pattern": _text,
    "last_minutes": _minutes,
    "last_person": _text,
    "screenings": _screenings,
    "rates": _rates,
    "sides_checked": _persons,
    "opened": _persons,
}
