"""What is under version control names no machine."""

import re

import pytest

TEXT = {".py", ".toml", ".md", ".po", ".example", ".txt", ".yml", ".yaml", ".cfg", ".json", ""}
# written so that this file does not match itself
HOME = re.compile(r"(?<![\w.])/(?:ro[o]t|ho[m]e|Us[e]rs|wo[r]k|m[n]t)/\w|[A-Z]:\\Us[e]rs")
PACKAGE_HOST = re.compile(r"py[p]i\.org|pythonho[s]ted|index-u[r]l|extra-ind[e]x|/simp[l]e/")


@pytest.fixture(scope="module")
def texts(repo, tracked):
    return {name: (repo / name).read_text("utf-8") for name in tracked if (repo / name).suffix in TEXT}


def test_versions_are_pinned_without_a_lock_file(tracked):
    assert "uv.lock" not in tracked


@pytest.mark.parametrize("pattern", [HOME, PACKAGE_HOST], ids=["home folders", "package hosts"])
def test_no_file_names_a_machine(texts, pattern):
    assert not {name: found.group() for name, text in texts.items() if (found := pattern.search(text))}


def test_the_search_finds_a_machine():
    assert HOME.search("see " + "/ro" + "ot/thing")
    assert PACKAGE_HOST.search("https://" + "py" + "pi.org")


def test_generated_files_are_not_tracked(tracked):
    made = ("__pycache__", ".egg-info", ".breath", "dist/", ".venv/", ".hypothesis/")
    assert not [name for name in tracked if any(part in name for part in made)]
