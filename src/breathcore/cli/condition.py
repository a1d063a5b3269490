"""What must be said beside the numbers of a recording."""

from collections import Counter

from breathcore.cli.words import out, text, words
from breathcore.session.recording import Session


def tell_condition(session: Session) -> None:
    """Say that a recording was cut short, what its form does not hold, and how many packets could not be read."""
    if session.notice is not None:
        out.print(words().say(session.notice), markup=False)
    if session.lacks is not None:
        out.print(words().say(session.lacks), markup=False)
    if session.faults:
        reasons = ", ".join(f"{reason} {n}" for reason, n in faults_by_reason(session).items())
        out.print(text("cli.faults", count=len(session.faults), reasons=reasons), markup=False)


def faults_by_reason(session: Session) -> dict[str, int]:
    """Return how many packets could not be read, by why, the most frequent first."""
    return dict(Counter(fault.reason.value for fault in session.faults).most_common())
