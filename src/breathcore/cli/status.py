"""A line that changes in place while a command runs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.live import Live
from rich.text import Text

from breathcore.cli.words import err, out


@contextmanager
def status_line() -> Iterator[Callable[[str], None]]:
    """Yield what shows a line below all that is printed meanwhile; it is gone afterwards.

    Nothing is shown where errors do not go to a terminal.
    """
    if not err.is_terminal:
        yield lambda line: None
        return
    with Live(Text(), console=out if out.is_terminal else err, transient=True, auto_refresh=False) as live:
        yield lambda line: live.update(Text(line), refresh=True)
