"""Small functions, files that fit in a head, and each function in one of them."""

import ast
from pathlib import Path

import numpy as np
import pytest

FILE_LINES = 600
FUNCTION_MEDIAN, FUNCTION_P95 = 10, 40


def python_files(repo: Path, *folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (repo / folder).rglob("*.py"))


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of code from `def` to the end, the docstring left out."""
    doc = function.body[0] if ast.get_docstring(function, clean=False) is not None else None
    documentation = (doc.end_lineno or 0) - doc.lineno + 1 if doc is not None else 0
    return (function.end_lineno or 0) - function.lineno + 1 - documentation


@pytest.mark.parametrize("folder", ["src", "tests", "benchmarks"])
def test_no_file_is_too_long(repo, folder):
    long = {
        str(path.relative_to(repo)): lines for path in python_files(repo, folder) if (lines := count(path)) > FILE_LINES
    }
    assert not long


def count(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def test_functions_are_small(repo):
    trees = [ast.parse(path.read_text("utf-8")) for path in python_files(repo, "src")]
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    sizes = [body_lines(node) for tree in trees for node in ast.walk(tree) if isinstance(node, kinds)]
    assert np.median(sizes) <= FUNCTION_MEDIAN
    assert np.percentile(sizes, 95) <= FUNCTION_P95
