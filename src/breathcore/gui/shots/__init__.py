"""Every screen in every state, filled with made-up content; the pictures of a page stand in the module of its name."""

from breathcore.gui.shots.prepare import prepare
from breathcore.gui.shots.results import after, resonance, review, summary
from breathcore.gui.shots.safety import safety
from breathcore.gui.shots.sensors import sensors
from breathcore.gui.shots.shot import Shot
from breathcore.gui.shots.start import start
from breathcore.gui.shots.trainer import trainer
from breathcore.gui.shots.window import settings, window

__all__ = ["Shot", "shots"]


def shots() -> tuple[Shot, ...]:
    """Return every screen × state."""
    return (
        *start(),
        *sensors(),
        *safety(),
        *prepare(),
        *trainer(),
        *after(),
        *resonance(),
        *summary(),
        *review(),
        *settings(),
        *window(),
    )
