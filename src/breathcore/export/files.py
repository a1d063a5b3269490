"""Files that appear whole or not at all, and never over others unasked."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from breathcore.model.errors import ExchangeError, Reason

Progress = Callable[[float], None]  # share done, 0–1


def no_progress(share: float) -> None:
    """Tell nobody."""


def claim(paths: Sequence[Path], *, replace: bool) -> None:
    """Make the folders of `paths`.

    Raises ExchangeError where a file is there and may not be replaced, or a folder cannot be made.
    """
    for path in paths:
        if path.exists() and not replace:
            raise ExchangeError(Reason.EXPORT_EXISTS, path=str(path))
        with failures(path):
            path.parent.mkdir(parents=True, exist_ok=True)


@contextmanager
def placed(path: Path) -> Iterator[Path]:
    """Give a name beside `path` to write to; what was written takes its place at the end, or goes on an error."""
    part = path.with_name(f".{path.name}.part")
    try:
        with failures(path):
            yield part
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def failures(path: Path) -> Iterator[None]:
    """Turn what the system says about writing `path` into ExchangeError (EXPORT_FAILED)."""
    try:
        yield
    except OSError as error:
        problem = error.strerror or str(error)
        raise ExchangeError(Reason.EXPORT_FAILED, path=str(path), problem=problem) from error
