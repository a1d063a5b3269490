"""Every sentence has an id, every id a sentence in every language, and the compiled texts are in step."""

import ast
import gettext
import re
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from breathcore.feedback.wording import LANGUAGES
from breathcore.model.device import Place, Role
from breathcore.model.errors import Reason
from breathcore.model.estimates import FitIssue, Refusal
from breathcore.model.packets import LinkReason

REPO = Path(__file__).parents[2]
SOURCE = REPO / "src/breathcore"
LOCALE = SOURCE / "feedback/locale"
SPEAKERS = {"message", "Message", "text"}
ENUMS = {"error": Reason, "refusal": Refusal, "role": Role, "link": LinkReason, "place": Place, "fit": FitIssue}
ID = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9_-]+)+")
FILE_NAME = re.compile(r".*\.(breath|csv|edf|json|png|po|mo|toml|tsv|gz|sh|svg)")
SENTENCE = re.compile(r"[A-Za-zÄÖÜäöüß]{2,},? [A-Za-zÄÖÜäöüß]{2,}")
STYLE_SHEET = re.compile(r"[{};]|font-|border|px solid|QLineEdit, ")
NOT_SENTENCES = {
    "cli/words.py": {"bold red"},  # a colour
}

Call = tuple[str, ast.Call]


def po_path(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES/breathcore.po"


@cache
def texts(language: str) -> dict[str, str]:
    """Id → sentence of the readable catalogue."""
    with po_path(language).open("rb") as file:
        catalogue = read_po(file, locale=language, abort_invalid=True)
    assert not [m.id for m in catalogue if m.id and m.fuzzy]
    return {str(m.id): str(m.string) for m in catalogue if m.id}


def fields(sentence: str) -> set[str]:
    """Names of the values a sentence takes."""
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


@cache
def trees(folder: str = "") -> dict[str, ast.Module]:
    paths = sorted((SOURCE / folder).rglob("*.py"))
    return {str(path.relative_to(SOURCE)): ast.parse(path.read_text("utf-8")) for path in paths}


def calls() -> Iterator[Call]:
    for name, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and node.args:
                yield name, node


def called(node: ast.Call) -> str:
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def spoken() -> Iterator[tuple[str, str, ast.Call]]:
    """(file, id, call) of every call that names its sentence literally."""
    for name, node in calls():
        first = node.args[0]
        if called(node) in SPEAKERS and isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield name, first.value, node


def given(node: ast.Call) -> set[str] | None:
    """Names of the values a call hands over, None where it hands over a mapping."""
    names = [keyword.arg for keyword in node.keywords]
    return None if None in names else {str(name) for name in names}


def constants(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def prefixes() -> set[str]:
    """Beginnings of ids that are put together at run time (`f"refusal.{reason}"`)."""
    heads = (node.values[0] for tree in trees().values() for node in ast.walk(tree) if isinstance(node, ast.JoinedStr))
    words = [h.value for h in heads if isinstance(h, ast.Constant) and isinstance(h.value, str)]
    return {word for word in words if re.fullmatch(r"[a-z][a-z0-9-]*\.[a-z0-9_.-]*", word)}


def test_every_id_spoken_has_a_sentence_in_every_language():
    missing = {(file, id_) for file, id_, _ in spoken() for lang in LANGUAGES if not texts(lang).get(id_)}
    assert not missing


def test_every_literal_that_looks_like_an_id_has_a_sentence():
    rooms = {id_.partition(".")[0] for id_ in texts("en")}
    speaking = {file: tree for file, tree in trees().items() if not file.startswith("catalog/")}  # keys of files there
    literals = {(file, word) for file, tree in speaking.items() for word in constants(tree) if ID.fullmatch(word)}
    missing = {(file, word) for file, word in literals if word.partition(".")[0] in rooms and word not in texts("en")}
    beginnings = {word for _, word in missing if any(id_.startswith(word) for id_ in texts("en"))}
    assert not {(file, word) for file, word in missing if word not in beginnings and not FILE_NAME.fullmatch(word)}


@pytest.mark.parametrize(("room", "kinds"), ENUMS.items())
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_member_that_names_a_sentence_has_one(language, room, kinds):
    assert not [kind.value for kind in kinds if not texts(language).get(f"{room}.{kind.value}")]


def test_ids_put_together_at_run_time_have_a_family():
    strangers = {p for p in prefixes() if p.partition(".")[0] in {id_.partition(".")[0] for id_ in texts("en")}}
    assert not [p for p in strangers if not any(id_.startswith(p) for id_ in texts("en"))]


def test_no_sentence_is_left_over():
    words = {word for tree in trees().values() for word in constants(tree)}
    families = prefixes() | {f"{room}." for room in ENUMS}
    assert not [id_ for id_ in texts("en") if id_ not in words and not id_.startswith(tuple(families))]


def test_every_value_a_sentence_takes_is_handed_over():
    wrong = []
    for file, id_, node in spoken():
        names = given(node)
        for language in LANGUAGES:
            if names is not None and not fields(texts(language).get(id_, "")) <= names:
                wrong.append((file, id_, language))
    assert not wrong


def test_every_value_an_error_sentence_takes_is_handed_over():
    wrong = []
    for file, node in calls():
        first, names = node.args[0], given(node)
        if isinstance(first, ast.Attribute) and getattr(first.value, "id", "") == "Reason" and names is not None:
            wanted = fields(texts("en").get(f"error.{Reason[first.attr].value}", ""))
            if called(node).endswith("Error") and not wanted <= names:
                wrong.append((file, first.attr, wanted - names))
    assert not wrong


def test_the_languages_say_the_same_things_of_the_same_values():
    assert texts("de").keys() == texts("en").keys()
    assert not [id_ for id_ in texts("en") if fields(texts("de")[id_]) != fields(texts("en")[id_])]
    assert not [id_ for lang in LANGUAGES for id_, sentence in texts(lang).items() if not sentence.strip()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_id_is_given_twice(language):
    ids = re.findall(r'^msgid "(.+)"$', po_path(language).read_text("utf-8"), re.MULTILINE)
    assert not {id_ for id_ in ids if ids.count(id_) > 1}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_texts_are_in_step(language):
    with po_path(language).with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert {id_: compiled.gettext(id_) for id_ in texts(language)} == texts(language)
    known = {id_ for id_ in compiled._catalog if id_}
    assert known == texts(language).keys()


def is_log(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") == "_log"


def sayings(tree: ast.Module) -> Iterator[str]:
    """Literals that a person could see: neither documentation nor an error of programming."""
    silent: set[int] = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            silent.add(id(body[0].value))
        if isinstance(node, ast.Raise | ast.Assert) or (isinstance(node, ast.Call) and is_log(node)):
            silent |= {id(part) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
            yield node.value


@pytest.mark.parametrize("room", ["gui", "cli"])
def test_no_sentence_is_written_into(room):
    found = {
        (file, word)
        for file, tree in trees(room).items()
        for word in sayings(tree)
        if SENTENCE.search(word) and not STYLE_SHEET.search(word) and word not in NOT_SENTENCES.get(file, ())
    }
    assert not found


def test_the_search_for_sentences_finds_one():
    tree = ast.parse('"""Doc of it."""\nlabel.setText(f"Breathe in {n} times")\nraise ValueError("not for people")')
    assert [word for word in sayings(tree) if SENTENCE.search(word)] == ["Breathe in "]
