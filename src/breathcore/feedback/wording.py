"""Sentences for message ids, in the person's language; numbers with the language's decimal sign."""

import gettext
import string
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from breathcore.model.message import Message, Param

LANGUAGES = ("en", "de")


class _Formatter(string.Formatter):
    """`str.format` with the language's decimal sign."""

    def __init__(self, decimal: str) -> None:
        self._decimal = decimal

    def format_field(self, value: Any, format_spec: str) -> str:
        text = str(format(value, format_spec))
        return text.replace(".", self._decimal) if isinstance(value, float) else text

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        return kwargs[str(key)]


class Wording:
    """One language's texts. Unknown ids come back as themselves, so that nothing shown is ever empty."""

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else "en"
        path = resources.files("breathcore.feedback") / "locale" / self.language / "LC_MESSAGES" / "breathcore.mo"
        with path.open("rb") as file:
            self._catalogue = gettext.GNUTranslations(file)
        self._formatter = _Formatter("," if self.language == "de" else ".")

    def text(self, id_: str, **params: Param) -> str:
        """Return the sentence `id_` with `params` filled in."""
        return self._formatter.format(self._catalogue.gettext(id_), **params)

    def say(self, message: Message) -> str:
        """Return the sentence of `message`; a place on the trunk is named in this language too."""
        params = {k: self._named(v) if k == "place" else v for k, v in message.params.items()}
        return self.text(message.id, **params)

    def _named(self, place: Param) -> Param:
        id_ = f"trunk.site.{place}"
        name = self._catalogue.gettext(id_)
        return place if name == id_ else name

    def number(self, value: float, decimals: int = 0) -> str:
        """Return `value` with `decimals` places in this language's writing."""
        return self._formatter.format("{v:." + str(decimals) + "f}", v=float(value))

    def of(self, texts: Mapping[str, str]) -> str:
        """Return this language's text of a drill file, English where it has none."""
        return texts.get(self.language) or texts.get("en", "")
