"""What a picture of one screen in one state is made of."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from breathcore.feedback.wording import Wording

Make = Callable[[Wording], QWidget]


@dataclass(frozen=True, slots=True)
class Shot:
    """One screen in one state."""

    screen: str
    state: str
    make: Make
    then: Callable[[QWidget], None] | None = None  # once it is laid out
