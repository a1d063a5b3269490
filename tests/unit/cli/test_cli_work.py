"""What commands do and say when all is well, and what they say of a recording that is not."""

import csv
import gzip
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from breathcore.cli.demo import free_folder

Command = Callable[..., Any]
DEMO_FILES = {"session.breath", "session.edf", "trainer.png", "summary.json", "rate_1hz.csv", "breaths.csv"}


def test_a_headless_demo_leaves_all_its_files_and_is_not_run_over(command: Command, tmp_path: Path) -> None:
    arguments = ("demo", "--headless", "--speed", "0", "--seconds", "20", "--drill", "brace_hold", "--out", tmp_path)
    answer = command(*arguments)
    assert answer.code == 0
    assert {file.name for file in tmp_path.iterdir()} >= DEMO_FILES
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["finish"] == "completed"
    assert summary["breaths"].keys() == {"truth", "found", "missed", "extra"}
    assert command(*arguments).code == 1


def test_the_demos_own_folder_is_the_first_free_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert free_folder(None) == Path("breathcore-demo")
    (tmp_path / "breathcore-demo").mkdir()
    (tmp_path / "breathcore-demo" / "x").touch()
    assert free_folder(None) == Path("breathcore-demo-2")


def test_analyse_tells_of_packets_that_could_not_be_read(command: Command, session: Path) -> None:
    answer = command("analyse", session)
    assert answer.code == 0
    assert "Breaths: " in answer.out
    assert "Heart: median " in answer.out
    assert "Packets that could not be read: " in answer.out
    assert "not_rising " in answer.out
    assert "cut short" not in answer.out


def test_analyse_says_that_a_file_was_cut_short(command: Command, cut_short: Path) -> None:
    assert "This recording was cut short" in command("analyse", cut_short).out
    facts = json.loads(command("analyse", "--json", cut_short).out)
    assert facts["cut_short"] is True
    assert facts["notice"].startswith("This recording was cut short")


def test_analyse_gives_strict_json(command: Command, session: Path) -> None:
    facts = json.loads(command("analyse", "--json", session).out, parse_constant=pytest.fail)
    assert len(facts["rate_t_s"]) == len(facts["rate_bpm"]) == len(facts["quality"])
    assert facts["rate_bpm"][0] is None
    assert (facts["cut_short"], facts["notice"]) == (False, None)
    unreadable = facts["unreadable_packets"]
    assert unreadable["count"] == sum(unreadable["by_reason"].values()) > 0
    assert facts["switched_off"] == []


def test_replay_check_finds_all_the_same_and_a_changed_number(command: Command, session: Path) -> None:
    answer = command("replay", "--check", session)
    assert answer.code == 0
    assert answer.out.endswith(" stored values, all the same.\n")
    with closing(sqlite3.connect(session)) as connection:
        connection.execute("UPDATE derived_heart SET hr_bpm = hr_bpm + 1e-9 WHERE rowid = 5")
        connection.commit()
    answer = command("replay", "--check", session)
    assert answer.code == 1
    assert "derived_heart differs" in answer.out
    assert "estimates differently" not in answer.out


@pytest.mark.parametrize(
    "earlier",
    ["PRAGMA user_version = 1", "UPDATE meta SET value = '\"0.0.9\"' WHERE key = 'software_version'"],
    ids=["form of the file", "version"],
)
def test_replay_check_says_that_another_breathcore_estimates_differently(
    command: Command, session: Path, earlier: str
) -> None:
    with closing(sqlite3.connect(session)) as connection:
        connection.execute(earlier)
        connection.commit()
    assert "estimates differently" not in command("replay", "--check", session).out
    with closing(sqlite3.connect(session)) as connection:
        connection.execute("UPDATE derived_heart SET hr_bpm = hr_bpm + 1 WHERE rowid = 5")
        connection.commit()
    answer = command("replay", "--check", session)
    assert answer.code == 1
    assert "derived_heart differs" in answer.out
    assert "estimates differently: other numbers are to be expected." in answer.out


def test_replay_check_of_a_cut_short_file_compares_what_there_is(command: Command, cut_short: Path) -> None:
    assert command("replay", "--check", cut_short).code == 0


def test_export_says_what_it_wrote_and_never_half_of_it(command: Command, session: Path) -> None:
    folder = session.with_suffix("")
    session.with_suffix(".edf").write_text("mine")
    refused = command("export", session)
    assert refused.code == 1
    assert "session.edf exists already" in refused.err
    assert not folder.exists()
    done = command("export", session, "--replace")
    assert done.code == 0
    assert done.out.count("Written: ") == 1 + len(list(folder.iterdir()))
    assert "Packets that could not be read: " in done.out
    assert session.with_suffix(".edf").read_bytes()[8:16] == b"X X X X "


def test_an_export_carries_the_name_only_where_asked(command: Command, session: Path) -> None:
    assert command("export", session, "--with-name", "--format", "edf").code == 0
    assert session.with_suffix(".edf").read_bytes()[8:18] == b"X X X Jo  "
    assert not session.with_suffix("").exists()


def test_the_csv_notes_the_recordings_condition(command: Command, cut_short: Path, tmp_path: Path) -> None:
    assert command("export", cut_short, "--format", "csv", "--out", tmp_path / "out").code == 0
    with (tmp_path / "out" / "session" / "session.csv").open(newline="") as file:
        facts = dict(csv.reader(file))
    assert facts["cut short"] == "yes"
    assert int(facts["unreadable packets"]) > 0
    assert facts["person"] == ""


def test_an_import_is_analysed_and_exported_like_a_session(command: Command, tmp_path: Path) -> None:
    source = _bids(tmp_path / "sub-01_task-rest_physio")
    target = tmp_path / "rest.breath"
    assert command("import", source, "--out", target).out == f"Imported: {target}\n"
    assert "Rate: median 12." in command("analyse", target).out
    assert command("export", target, "--format", "edf").code == 0
    check = command("replay", "--check", target)
    assert (check.code, check.err.startswith("This recording holds no guided drill")) == (1, True)
    assert command("import", source, "--out", target).code == 1


@pytest.mark.parametrize("words", [("--help",), ("demo", "--help"), ("devices", "--help"), ("protocols", "--help")])
def test_help_is_given(command: Command, words: tuple[str, ...]) -> None:
    answer = command(*words)
    assert answer.code == 0
    assert "Usage: breathcore" in answer.out


def test_the_catalogue_is_listed(command: Command) -> None:
    assert {"polar_h10", "heart_rate_strap"} <= set(command("devices", "list").out.split())
    assert {"box", "brace_hold", "diaphragmatic"} <= set(command("protocols", "list").out.split())
    assert "4-0-4-0" in command("protocols", "show", "B5").out
    assert "200 Hz" in command("devices", "show", "polar_h10").out


def _bids(stem: Path) -> Path:
    t_s = np.arange(0, 90, 0.04)
    rows = "\n".join(f"{v:.4f}" for v in np.sin(2 * np.pi * 0.2 * t_s))
    path = stem.with_name(f"{stem.name}.tsv.gz")
    path.write_bytes(gzip.compress(rows.encode()))
    facts = {"SamplingFrequency": 25, "StartTime": 0, "Columns": ["respiratory"]}
    stem.with_name(f"{stem.name}.json").write_text(json.dumps(facts))
    return path
