"""What cannot be done ends with one clear sentence and a code that is not 0."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("demo", "--headless", "--drill", "nope"), "There is no drill called nope."),
        (("train", "nope"), "There is no drill called nope."),
        (("train", "box"), "There is no screen to open a window on."),
        (
            ("protocols", "show", "nope"),
            "There is no drill called nope. Known: 360_breathing, box, brace_and_breathe, brace_hold, diaphragmatic, ",
        ),
        (("devices", "show", "nope"), "There is no wearable called nope. Known: bitalino, diy_imu, heart_rate_strap, "),
        (("analyse", "nope.breath"), "nope.breath cannot be opened."),
        (("export", "nope.breath"), "nope.breath cannot be opened."),
        (("replay", "--check", "nope.breath"), "nope.breath cannot be opened."),
        (("import", "nope.tsv.gz"), "nope.tsv.gz cannot be imported: file is missing"),
        (("import", "nope.csv"), "nope.csv cannot be imported: name is nope.csv"),
        (("devices", "check", "nope.toml"), "nope.toml cannot be read: "),
        (("protocols", "check", "."), ". cannot be read: "),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, tuple) else "",
)
def test_one_sentence_and_code_1(command: Command, arguments: tuple[str, ...], sentence: str) -> None:
    answer = command(*arguments)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith(sentence)
    assert len(answer.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("demo", "--headless", "--seconds", "5"), "--seconds"),
        (("demo", "--headless", "--wearer", "asleep"), "asleep"),
        (("demo", "--fast"), "--fast"),
        (("analyse",), "FILE"),
        (("nope",), "nope"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, tuple) else "",
)
def test_wrong_words_are_named_with_code_2(command: Command, arguments: tuple[str, ...], problem: str) -> None:
    answer = command(*arguments)
    assert answer.code == 2
    assert problem in answer.err.splitlines()[-1]
    assert "Traceback" not in answer.err


def test_a_foreign_file_is_called_one(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "letter.breath"
    file.write_text("Dear diary")
    answer = command("analyse", file)
    assert (answer.code, answer.err) == (1, f"{file} is not a breathcore session.\n")


def test_a_file_of_a_newer_program_names_both_versions(command: Command, session: Path) -> None:
    with closing(sqlite3.connect(session)) as connection:
        connection.execute("PRAGMA user_version = 99")
    answer = command("analyse", session)
    assert answer.code == 1
    assert "file version 99" in answer.err


def test_a_shortened_file_is_called_damaged(command: Command, session: Path) -> None:
    session.write_bytes(session.read_bytes()[:-5000])
    answer = command("export", session)
    assert answer.code == 1
    assert f"{session} is damaged and cannot be read" in answer.err
    assert list(session.parent.iterdir()) == [session]


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda text: 'surprise = "me"\n' + text, "“surprise”"),
        (lambda text: text.replace("band = 0.15", 'band = "wide"', 1), "“band”"),
        (lambda text: text.replace('id = "box"', 'id = "cube"', 1), "“id”"),
        (lambda text: text.replace('id = "box"', 'id = "box', 1), "“line 3”"),
        (lambda _: "", "“id”"),
    ],
    ids=["unknown key", "wrong type", "wrong id", "syntax", "empty"],
)
def test_a_wrong_drill_file_is_refused_by_file_and_key(
    command: Command, repo: Path, tmp_path: Path, change: Callable[[str], str], key: str
) -> None:
    file = tmp_path / "box.toml"
    file.write_text(change((repo / "protocols/drills/box.toml").read_text("utf-8")), "utf-8")
    answer = command("protocols", "check", file)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith(f"box.toml: the key {key} is wrong: ")


def test_a_wrong_device_file_is_refused_by_file_and_key(command: Command, repo: Path, tmp_path: Path) -> None:
    file = tmp_path / "polar_h10.toml"
    text = (repo / "devices/polar_h10.toml").read_text("utf-8")
    file.write_text(text.replace('codec = "polar_pmd"', 'codec = "morse"', 1), "utf-8")
    answer = command("devices", "check", file)
    assert answer.code == 1
    assert "unknown codec 'morse'" in answer.err


@pytest.mark.parametrize("kind", ["devices", "protocols"])
def test_the_built_in_files_are_good(command: Command, repo: Path, kind: str) -> None:
    files = sorted((repo / kind).rglob("*.toml"))
    answer = command(kind, "check", *files)
    assert answer.code == 0
    assert answer.out.count(": good (") == len(files)


def test_the_demo_refuses_a_folder_with_files_before_it_runs(command: Command, tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text("mine")
    answer = command("demo", "--headless", "--speed", "0.001", "--out", tmp_path)
    assert (answer.code, answer.err.count("is not an empty folder")) == (1, 1)
    assert (tmp_path / "summary.json").read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_refusal_speaks_german_where_asked(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    from breathcore.cli.words import words

    monkeypatch.setenv("BREATHCORE_LANGUAGE", "de")
    words.cache_clear()
    assert command("analyse", "nope").err.startswith("nope lässt sich nicht öffnen.")


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "de_AT.UTF-8"}, "de"),
        ({"LC_ALL": "en_GB.UTF-8", "LANG": "de_DE.UTF-8"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "de_DE.UTF-8", "LANG": "en_US.UTF-8"}, "de"),
        ({"LANG": "German_Germany.1252"}, "de"),
    ],
)
def test_the_systems_language_is_found(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], language: str
) -> None:
    from breathcore.cli.words import system_language

    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert system_language() == language
