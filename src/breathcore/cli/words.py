"""The command line's language and its two ways of speaking: to the reader, and of what went wrong."""

import locale
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

from rich.console import Console
from rich.progress import Progress

from breathcore.feedback.wording import Wording
from breathcore.model.errors import BreathcoreError
from breathcore.session.settings import load_settings

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


@cache
def words() -> Wording:
    """Return the wording in the language of the settings, or of the system."""
    chosen = os.environ.get("BREATHCORE_LANGUAGE") or load_settings().settings.language
    if chosen == "system":
        chosen = system_language()
    return Wording(chosen)


def system_language() -> str:
    """Return the two letters of the system's language.

    As other commands read it: from the environment, which speaks of languages the system has no locale for, too; on
    Windows from the locale, whose names may be words ("German_Germany").
    """
    names = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    name = next(filter(None, names), None) or locale.getlocale()[0] or "en"
    return "de" if name.lower().startswith(("de", "german")) else name[:2].lower()


def text(id_: str, **params: str | int | float) -> str:
    """Return a sentence of the catalogue."""
    return words().text(id_, **params)


def complain(error: BreathcoreError) -> None:
    """Print what went wrong as one sentence."""
    err.print(text("cli.error", sentence=words().say(error.message)), style="bold red", markup=False)


@contextmanager
def working(on: str) -> Iterator[Callable[[float], None]]:
    """Show a bar while something takes its time; yields what takes the share done, 0–1 (until then the bar pulses).

    Nothing is shown where errors do not go to a terminal.
    """
    with Progress(console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task(on, total=None)
        yield lambda share: progress.update(task, total=1.0, completed=share)
