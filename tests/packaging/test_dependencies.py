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


def test_every_package_imported_is_declared_and_every_declared_one_imported(repo, project):
    declared = {bare(requirement) for requirement in project["project"]["dependencies"]}
    used = imported(repo)
    assert not {name: files for name, files in used.items() if name not in declared}
    assert not declared - used.keys()


def test_every_direct_dependency_is_pinned(project):
    groups = project["dependency-groups"]
    direct = {bare(r) for r in [*project["project"]["dependencies"], *groups["dev"], *groups["bench"]]}
    pinned = {bare(pin) for pin in project["tool"]["uv"]["constraint-dependencies"] if "==" in pin}
    assert not direct - pinned


def test_every_direct_dependency_has_its_reason(repo, project):
    reasons = (repo / "docs/decisions/0005-dependencies.md").read_text("utf-8")
    groups = project["dependency-groups"]
    direct = {bare(r) for r in [*project["project"]["dependencies"], *groups["dev"], *groups["bench"]]}
    assert not [name for name in sorted(direct) if name not in reasons]
