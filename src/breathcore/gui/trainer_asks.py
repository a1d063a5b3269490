"""What the trainer asks or explains on a sheet over itself, while the session goes on below."""

from collections.abc import Callable

from breathcore.feedback.wording import Wording
from breathcore.gui.overlay import Overlay
from breathcore.gui.widgets import button

STOP_RULES = (
    "trainer.stop.chest-pain",
    "trainer.stop.faint",
    "trainer.stop.numb",
    "trainer.stop.leg-pain",
    "trainer.stop.bladder",
    "trainer.stop.breathless",
    "trainer.stop.palpitations",
    "trainer.stop.headache",
    "trainer.stop.want",
)


def ask_end(overlay: Overlay, wording: Wording, end: Callable[[], None]) -> None:
    """Ask whether to end the session."""
    text = wording.text
    overlay.ask(
        text("trainer.end.title"),
        text("trainer.end.body"),
        (
            button(text("trainer.end.now"), end, drill=True),
            button(text("trainer.go-on"), kind="primary", drill=True),
        ),
    )


def ask_stop_rules(overlay: Overlay, wording: Wording, stop: Callable[[], None]) -> None:
    """Show when to stop, and offer to."""
    text = wording.text
    overlay.ask(
        text("trainer.stop.title"),
        text("trainer.stop.body"),
        (
            button(text("trainer.stop.now"), stop, kind="attention", icon="stop", drill=True),
            button(text("trainer.go-on"), kind="primary", drill=True),
        ),
        [text(id_) for id_ in STOP_RULES],
    )


def define(overlay: Overlay, wording: Wording, name: str, definition: str) -> None:
    """Say what `name` means."""
    overlay.ask(name, definition, (button(wording.text("trainer.close"), kind="primary", drill=True),))
