"""The resonance finder's result, printed."""

from breathcore.cli.words import out, text, words
from breathcore.feedback.resonance_view import headline, measures, measures_n, notes
from breathcore.model.resonance import ResonanceResult


def tell_resonance(result: ResonanceResult) -> None:
    """Print the rate that was told, every rate's measures, and what the result is and is not."""
    out.print(words().say(headline(result)), style="bold", markup=False)
    total = measures_n(result)
    for trial, won in zip(result.trials, result.wins, strict=True):
        name = text("resonance.rate", rate=float(trial.rate_bpm))
        best = text("cli.resonance.best", n=len(won), total=total)
        phrases = " · ".join((best, *(words().say(m) for m in measures(trial))))
        out.print(f"{name}: {phrases}", markup=False)
    for note in notes(result):
        out.print(words().say(note), markup=False)
