from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breathcore.model.device import Place
from breathcore.model.errors import BreathcoreError, Reason
from breathcore.session import settings as module
from breathcore.session.settings import (
    ChosenSensor,
    LanguageChoice,
    Settings,
    StoredScreening,
    ThemeChoice,
    load_settings,
    save_settings,
    sessions_folder,
    settings_path,
)

SETTINGS = st.builds(
    Settings,
    language=st.sampled_from(LanguageChoice),
    theme=st.sampled_from(ThemeChoice),
    text_percent=st.integers(100, 200),
    volume_percent=st.integers(0, 100),
    last_person=st.text(max_size=20),
    last_minutes=st.none() | st.floats(0.5, 120),
    show_seconds=st.booleans(),
    sensors=st.lists(
        st.builds(
            ChosenSensor,
            st.text(max_size=8),
            st.text(max_size=8),
            st.text(max_size=8),
            st.none() | st.sampled_from(Place),
        ),
        max_size=3,
    ).map(tuple),
    screenings=st.dictionaries(
        st.text(max_size=8),
        st.builds(
            StoredScreening, on=st.just("2025-01-31"), answers=st.dictionaries(st.text(max_size=5), st.booleans())
        ),
        max_size=3,
    ),
)


@given(settings=SETTINGS)
def test_what_is_saved_is_loaded(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> None:
    path = tmp_path_factory.mktemp("settings") / "a" / "settings.json"
    save_settings(settings, path)
    loaded = load_settings(path)
    assert loaded.problem is None
    assert loaded.settings == settings


def test_no_file_gives_defaults_without_a_word(tmp_path: Path) -> None:
    loaded = load_settings(tmp_path / "none.json")
    assert loaded.settings == Settings()
    assert loaded.problem is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe\x00", b'{"a": ', b"[" * 100_000])
def test_a_damaged_file_gives_defaults_and_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    loaded = load_settings(path)
    assert loaded.settings == Settings()
    assert loaded.problem is not None
    assert loaded.problem.params["path"] == str(path)


@pytest.mark.parametrize(
    "field",
    [
        '"text_percent": 900',
        '"text_percent": true',
        '"volume_percent": "loud"',
        '"language": "xx"',
        '"theme": 3',
        '"last_minutes": NaN',
        '"last_minutes": -2',
        '"last_minutes": "5"',
        '"show_seconds": 1',
        '"last_person": null',
        '"sensors": {"device_id": "polar_h10"}',
        '"sensors": [{"address": "a"}]',
        '"sensors": [{"device_id": "polar_h10", "place": "nose"}]',
        '"screenings": [1]',
        '"screenings": {"a": {"on": 5, "answers": {}, "conditions": []}}',
        '"screenings": {"a": {"on": "2025-01-01", "answers": {"cancer": "no"}, "conditions": []}}',
        '"screenings": {"a": {"answers": {}, "conditions": []}}',
    ],
)
def test_one_wrong_value_costs_only_itself(tmp_path: Path, field: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"view": "words", ' + field + ', "from_the_future": 1}', encoding="utf-8")
    loaded = load_settings(path)
    name = field.split('"')[1]
    assert loaded.settings.view == "words"
    assert getattr(loaded.settings, name) == getattr(Settings(), name)
    assert loaded.problem is not None
    assert loaded.problem.params["names"] == name


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BreathcoreError) as caught:
        save_settings(Settings(), tmp_path / "file" / "settings.json")
    assert caught.value.reason is Reason.WRITE_FAILED


@pytest.mark.parametrize(
    ("old", "sensors"),
    [
        ('"last_device": "polar_h10", "last_device_address": "AA"', (ChosenSensor("polar_h10", "AA"),)),
        ('"last_device": "polar_h10"', (ChosenSensor("polar_h10"),)),
        ('"last_device": "", "last_device_address": ""', ()),
    ],
)
def test_the_one_strap_of_older_settings_is_taken_over(
    tmp_path: Path, old: str, sensors: tuple[ChosenSensor, ...]
) -> None:
    path = tmp_path / "settings.json"
    path.write_text("{" + old + "}", encoding="utf-8")
    loaded = load_settings(path)
    assert loaded.settings.sensors == sensors
    assert loaded.problem is None


def test_screening_is_kept_by_person() -> None:
    first = Settings().screened("Kim", StoredScreening("2025-01-01", {"cancer": False}))
    both = first.screened("Lee", StoredScreening("2025-02-02", {}, ("pregnancy",)))
    assert both.screenings["Kim"].on == "2025-01-01"
    assert both.screenings["Lee"].conditions == ("pregnancy",)


def test_the_usual_places_are_the_platforms(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module.platformdirs, "user_config_path", lambda *a, **k: tmp_path / "config")
    monkeypatch.setattr(module.platformdirs, "user_data_path", lambda *a, **k: tmp_path / "data")
    save_settings(Settings(view="circle"))
    assert settings_path() == tmp_path / "config" / "preferences.json"
    assert load_settings().settings.view == "circle"
    assert sessions_folder() == tmp_path / "data" / "sessions"
