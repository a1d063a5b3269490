"""The command line: one small module per command."""

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the ``breathcore`` command. Exits non-zero with one clear sentence when something cannot be done."""
    try:
        from breathcore.cli.app import run

        code = run(arguments)
    except KeyboardInterrupt:  # while modules were being loaded: nothing has begun, there is nothing to say
        code = 130
    raise SystemExit(code)
