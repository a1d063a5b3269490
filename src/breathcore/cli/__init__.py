"""The command line: one small module per command."""

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the ``breathcore`` command. Exits non-zero with one clear sentence when something cannot be done."""
    from breathcore.cli.app import run

    raise SystemExit(run(arguments))
