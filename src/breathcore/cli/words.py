"""The command line's language and its two ways of speaking: to the reader, and of what went wrong."""

import locale
import os
from functools import cache

from rich.console import Console

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
        chosen = (locale.getlocale()[0] or os.environ.get("LANG", "en"))[:2].lower()
    return Wording(chosen)


def text(id_: str, **params: str | int | float) -> str:
    """Return a sentence of the catalogue."""
    return words().text(id_, **params)


def complain(error: BreathcoreError) -> None:
    """Print what went wrong as one sentence."""
    err.print(text("cli.error", sentence=words().say(error.message)), style="bold red", markup=False)
