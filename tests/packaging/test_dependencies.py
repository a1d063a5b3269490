"""What the program imports is what it declares: a package that is only there by accident is not used."""

import ast
import re
import sys
import tomllib

import pytest

# import name → distribution, where they differ
DISTRIBUTIONS = {"pyside6": "pyside6-essentials", "pydantic_core": "pydantic"}


@pytest.fixture(scope="module")
def project(repo):
    return tomllib.loads((repo / "pyproject.toml").read_text("utf-8"))


def bare(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9_.-]", requirement, maxsplit=1)[0].lower()


def imported(repo) -> dict[str, set[str]]:
    """Third-party distribution → files of the program that import it."""
    found: dict[str, set[str]] = {}
    for path in (repo / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            for top in {name.partition(".")[0] for name in names} - sys.stdlib_module_names - {"breathcore"}:
                found.setdefault(DISTRIBUTIONS.get(top.lower(), top.lower()), set()).add(path.name)
    return found


def declared(project) -> set[str]:
    """Distributions the program asks for, those of its extras too."""
    extras = project["project"]["optional-dependencies"].values()
    return {bare(r) for requirements in [project["project"]["dependencies"], *extras] for r in requirements}


def direct(project) -> set[str]:
    """All distributions asked for by name, those of the developers too."""
    groups = project["dependency-groups"]
    return declared(project) | {bare(r) for r in [*groups["dev"], *groups["bench"]]}


def test_every_package_imported_is_declared_and_every_declared_one_imported(repo, project):
    used = imported(repo)
    assert not {name: files for name, files in used.items() if name not in declared(project)}
    assert not declared(project) - used.keys()


def test_an_extra_is_imported_only_where_it_may_be_missing(repo, project):
    for requirements in project["project"]["optional-dependencies"].values():
        for name in map(bare, requirements):
            importing = [p for p in (repo / "src").rglob("*.py") if f"import {name}" in p.read_text("utf-8")]
            importing += [p for p in (repo / "src").rglob("*.py") if f"from {name}" in p.read_text("utf-8")]
            assert {p.parent.name for p in importing} == {"virtual"}


def test_every_direct_dependency_is_pinned(project):
    pinned = {bare(pin) for pin in project["tool"]["uv"]["constraint-dependencies"] if "==" in pin}
    assert not direct(project) - pinned


def test_every_direct_dependency_has_its_reason(repo, project):
    reasons = (repo / "docs/decisions/0005-dependencies.md").read_text("utf-8")
    assert not [name for name in sorted(direct(project)) if name not in reasons]
