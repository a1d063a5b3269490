"""What is wrong with the person's own device and drill files: told, and left out."""

from breathcore.cli.words import err, text, words
from breathcore.session import registry


def tell_problems() -> None:
    """Print a line for each file that was left out."""
    for problem in registry.problems():
        sentence = words().say(problem.message)
        err.print(text("cli.left-out", sentence=sentence), style="yellow", markup=False)
