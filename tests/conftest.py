"""What every test gets: a private home, no screen, hypothesis profiles, no task left behind; all cores for folders."""

import asyncio
import asyncio.runners
import os
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import settings

T = TypeVar("T")

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

settings.register_profile("dev", max_examples=25, deadline=None)
settings.register_profile("ci", max_examples=100, deadline=None, derandomize=True, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

WORKERS_MOST = 4  # each takes half a gigabyte, and a container may see cores that it must not use


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Run whole folders with a process a core, file by file, where pytest-xdist is there and `-n` says nothing else.

    Files, single tests, and what somebody looks into (`-k`, `-m`, `--lf`, `-s`, `--pdb`) run in this process.
    """
    asked = config.option
    if getattr(asked, "numprocesses", 0) is not None or hasattr(config, "workerinput"):
        return
    looked_into = asked.keyword or asked.markexpr or asked.usepdb or asked.capture == "no" or asked.collectonly
    whole = any(Path(argument).is_dir() for argument in config.args)
    if whole and not looked_into and not getattr(asked, "lf", False):
        asked.numprocesses = min(WORKERS_MOST, _cores_n())
        asked.dist = "loadfile"  # what a file's tests share is made once


def _cores_n() -> int:
    """Return the number of cores to be used; 0 for a single one: no other process then."""
    cores_n = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores_n if cores_n > 1 else 0


@pytest.fixture(scope="session")
def repo() -> Path:
    """The checkout."""
    return Path(__file__).parents[1]


@pytest.fixture(scope="session", autouse=True)
def _private_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Sessions and settings of tests (and of what they start) go to a folder of their own, in English."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
            patch.setenv(name, str(home / name.lower()))
        for name in ("LC_ALL", "LANG"):
            patch.setenv(name, "C.UTF-8")
        patch.delenv("LANGUAGE", raising=False)
        yield


@pytest.fixture(autouse=True)
def _no_task_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test whose `asyncio.run` ends while tasks are still pending: it would cancel them without a word."""
    left: list[str] = []
    cancel_all = asyncio.runners._cancel_all_tasks

    def note_and_cancel(loop: asyncio.AbstractEventLoop) -> None:
        left.extend(repr(task) for task in asyncio.all_tasks(loop))
        cancel_all(loop)

    monkeypatch.setattr(asyncio.runners, "_cancel_all_tasks", note_and_cancel)
    yield
    assert not left, f"tasks left running: {left}"


@pytest.fixture
def run_async() -> Callable[[Coroutine[Any, Any, T]], T]:
    """Run a coroutine on a loop of its own; nothing may take longer than 10 s of real time."""

    def run(coroutine: Coroutine[Any, Any, T]) -> T:
        async def limited() -> T:
            async with asyncio.timeout(10.0):
                return await coroutine

        return asyncio.run(limited())

    return run
