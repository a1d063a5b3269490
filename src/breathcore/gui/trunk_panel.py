"""Beside the wave, where the trunk is measured or asked for: ring, ribs and belly, brace, repetitions, both sides."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from breathcore.estimate.trunk.sights import level_of
from breathcore.feedback.trunk_view import (
    BraceView,
    CompartmentsView,
    PairView,
    RepsView,
    RingView,
    SiteView,
    TrunkView,
)
from breathcore.feedback.wording import Wording
from breathcore.gui import theme
from breathcore.gui.trainer_text import DASH
from breathcore.gui.trunk_pictures import BraceGauge, CompartmentsPicture, RingPicture, TempoBar
from breathcore.gui.widgets import InfoButton, label, pad, set_property, set_text
from breathcore.model.message import Message

OnInfo = Callable[[str, str], None]  # name, definition
PAIRS_N = 3  # rows that there is room for


class Part(QFrame):
    """A card with a name, "what is this?", a value, and a sentence."""

    def __init__(self, wording: Wording, id_: str, on_info: OnInfo) -> None:
        super().__init__()
        self.wording = wording
        self.setProperty("card", "true")
        name, definition = wording.text(f"trunk.{id_}.name"), wording.text(f"trunk.{id_}.definition")
        self.column = QVBoxLayout(self)
        self._head = QHBoxLayout()
        self._head.addWidget(label(name, "muted"), 1)
        self._value = label(role="heading", wrap=False)
        self._head.addWidget(self._value)
        self._head.addWidget(
            InfoButton(wording.text("trainer.what-is", name=name), definition, lambda: on_info(name, definition))
        )
        self.column.addLayout(self._head)
        self._line = label()
        self._name = name

    def tell(self, value: str, line: str, *, tone: str = "muted") -> None:
        """Show the value and the sentence."""
        set_text(self._value, value)
        set_text(self._line, line)
        set_property(self._line, "role", tone)
        self._line.setVisible(bool(line))
        self.setAccessibleName(" ".join(filter(None, (self._name, value, line))))

    def say(self, sentence: Message | None) -> str:
        """Return a sentence, "" for none."""
        return "" if sentence is None else self.wording.say(sentence)

    def percent(self, share: float | None) -> str:
        """Return a share in per cent, a dash for None."""
        return DASH if share is None else self.wording.text("trainer.percent", n=round(100 * share))

    def restyle(self) -> None:
        """Take the text size now in use."""
        pad(self.column, 0.8, 0.3)
        pad(self._head, 0, 0.4)


class RingPart(Part):
    """The ring, the site to think of next, and how alike the sides are."""

    def __init__(self, wording: Wording, on_info: OnInfo) -> None:
        super().__init__(wording, "ring", on_info)
        self.picture = RingPicture(wording)
        self.column.addWidget(self.picture)
        self.column.addWidget(self._line)
        self.restyle()

    def show_view(self, view: RingView, *, numbers: bool) -> None:
        """Show the ring."""
        self.picture.show_view(view, numbers=numbers)
        if not numbers:
            self.tell("", self.wording.text("trainer.thinned"))
            return
        girths = self._girths(view)
        lines = filter(None, (girths, *self._lines(view)))
        self.tell("" if girths else self.wording.text("trunk.relative"), "\n".join(lines))

    def _girths(self, view: RingView) -> str:
        """Return by how much the girth grew at each level that a tape was laid round."""
        text, number = self.wording.text, self.wording.number
        grown = {level_of(site.place).value: site.cm for site in view.sites if site.cm is not None}
        names = {level: text(f"prepare.tape.level.{level}") for level in grown}
        return "\n".join(text("trunk.girth", level=names[level], n=number(cm, 1)) for level, cm in grown.items())

    def _lines(self, view: RingView) -> Sequence[str]:
        silent = [site for site in view.sites if site.message is not None]
        if len(silent) == len(view.sites) and all(site.message == silent[0].message for site in silent):
            return (self.say(silent[0].message),)
        least = "" if view.least is None else self.wording.text(f"trunk.least.{view.least.value}")
        return (least or self.say(view.symmetry_word), *self._why(silent))

    def _why(self, silent: Sequence[SiteView]) -> Sequence[str]:
        """Return the first reason why sites are silent, with all of those that it holds for."""
        alike = [s for s in silent if s.message == silent[0].message]
        if not alike:
            return ()
        names = ", ".join(self.wording.text(f"trunk.site.{s.place.value}") for s in alike)
        return (self.wording.text("trunk.site.why", site=names, why=self.say(alike[0].message)),)


class CompartmentsPart(Part):
    """Ribs and belly."""

    def __init__(self, wording: Wording, on_info: OnInfo) -> None:
        super().__init__(wording, "compartments", on_info)
        self.picture = CompartmentsPicture(wording)
        self.column.addWidget(self.picture)
        self.column.addWidget(self._line)
        self.restyle()

    def show_view(self, view: CompartmentsView, *, numbers: bool) -> None:
        """Show ribs and belly."""
        self.picture.show_view(view, numbers=numbers)
        if not numbers:
            self.tell("", self.wording.text("trainer.thinned"))
            return
        self.tell("", self.say(view.word or view.message))


class BracePart(Part):
    """The brace gauge."""

    def __init__(self, wording: Wording, on_info: OnInfo) -> None:
        super().__init__(wording, "brace", on_info)
        self.gauge = BraceGauge(wording)
        self.column.addWidget(self.gauge)
        self.column.addWidget(self._line)
        self.column.addStretch(1)
        self.restyle()

    def show_view(self, view: BraceView, *, numbers: bool) -> None:
        """Show the gauge."""
        self.gauge.setVisible(view.level is not None)
        self.gauge.show_view(view, numbers=numbers)
        value = self.percent(view.level) if numbers else DASH
        if view.strain:  # whatever was chosen to be seen: this is not feedback but safety
            self.tell(value, self.say(view.word), tone="attention")
        elif not numbers:
            self.tell(value, self.wording.text("trainer.thinned"))
        else:
            self.tell(value, "  ·  ".join(filter(None, self._words(view))))

    def restyle(self) -> None:
        """Take the text size now in use; gauge and sentence need the same room: what stands below stays where it is."""
        super().restyle()
        self.setMinimumHeight(theme.current().px(BRACE_EM))

    def _words(self, view: BraceView) -> Sequence[str]:
        if view.message is not None:
            return (self.say(view.message),)
        low, high = view.zone if view.zone is not None else (0.0, 0.0)
        aim = "" if view.zone is None else self.wording.text("trunk.aim", low=round(100 * low), high=round(100 * high))
        held = self.wording.text("trainer.seconds", n=int(view.held_s)) if view.on else ""
        drift = ""
        if view.drift is not None and abs(view.drift) > DRIFT:
            drift = self.wording.text("trunk.rises" if view.drift > 0 else "trunk.falls")
        breath = self.wording.text("trunk.breathe-on") if view.breathing is False else ""
        return (aim, self.say(view.word), held, drift, breath)


DRIFT = 0.05  # over 10 s
BRACE_EM = 8.2  # name and gauge with two lines below, or name and three lines


class RepsPart(Part):
    """The repetition counter and the tempo bar."""

    def __init__(self, wording: Wording, on_info: OnInfo) -> None:
        super().__init__(wording, "reps", on_info)
        self.bar = TempoBar(wording)
        self.column.addWidget(self.bar)
        self.column.addWidget(self._line)
        self.restyle()

    def show_view(self, view: RepsView, *, numbers: bool) -> None:
        """Show the counter."""
        self.bar.setVisible(view.message is None)
        self.bar.show_view(view, numbers=numbers)
        text = self.wording.text
        side = "" if view.side is None else text(f"trunk.side.{view.side.value}")
        value = DASH if view.message is not None else text("trunk.reps", n=view.done_n, total=view.planned_n)
        if view.message is not None:
            words: Sequence[str] = (self.say(view.message),)
        elif view.guided_left:
            words = (text("trunk.learning", n=view.guided_left),)
        else:
            words = self._words(view) if numbers else (text("trainer.thinned"),)
        self.tell(value, "  ·  ".join(filter(None, (side, *words))))

    def _words(self, view: RepsView) -> Sequence[str]:
        number, text = self.wording.number, self.wording.text
        far = "" if view.range_deg is None else text("trunk.degrees", n=number(view.range_deg, 0))
        still = ""
        if view.steady_deg is not None:
            said, digits = ("trunk.still-about", 0) if view.steady_coarse else ("trunk.still", 1)
            still = text(said, n=number(view.steady_deg, digits))
        out = view.exhaled is not None and view.exhaled < EXHALED
        breathe = text("trunk.breathe-out") if out else ""
        word, back, turning = map(self.say, (view.word, view.back, view.turning))
        return (far, word, back, breathe, still, turning, self._rate(view))

    def _rate(self, view: RepsView) -> str:
        if view.rate_bpm is None or view.rate_place is None:
            return ""
        place = self.wording.text(f"trunk.site.{view.rate_place.value}")
        return self.wording.text("trunk.moving-rate", rate=self.wording.number(view.rate_bpm, 0), place=place)


EXHALED = 0.5  # less of the effort breathed out: said


class PairPart(Part):
    """Left beside right; a difference is called one only beyond its uncertainty."""

    def __init__(self, wording: Wording, on_info: OnInfo) -> None:
        super().__init__(wording, "pair", on_info)
        self._grid = QGridLayout()
        self._cells = [
            [label(role="muted" if c == 0 else "", wrap=c == 0) for c in range(3)] for _ in range(PAIRS_N + 1)
        ]
        for r, row in enumerate(self._cells):
            for c, cell in enumerate(row):
                self._grid.addWidget(cell, r, c)
        self._grid.setColumnStretch(0, 1)
        for c, side in enumerate(("left", "right"), start=1):
            set_text(self._cells[0][c], wording.text(f"trunk.side.{side}"))
        self.column.addLayout(self._grid)
        self.column.addWidget(self._line)
        self.restyle()

    def show_pairs(self, pairs: Sequence[PairView], *, numbers: bool) -> None:
        """Show the pairs."""
        shown = pairs[:PAIRS_N] if numbers else ()
        for cell in self._cells[0]:
            cell.setVisible(numbers)
        for n, row in enumerate(self._cells[1:]):
            pair = shown[n] if n < len(shown) else None
            for cell, words in zip(row, ("", "", "") if pair is None else self._row(pair), strict=True):
                set_text(cell, words)
                cell.setVisible(pair is not None)
        told = [self.wording.text(f"pair.{p.id}") for p in shown if p.told]
        line = self.wording.text("trunk.pair.differs", what=", ".join(told)) if told else ""
        self.tell("", line or self.wording.text("trunk.pair.alike" if numbers else "trainer.thinned"))

    def _row(self, pair: PairView) -> tuple[str, str, str]:
        return self.wording.text(f"pair.{pair.id}"), self._side(pair, pair.left), self._side(pair, pair.right)

    def _side(self, pair: PairView, value: float | None) -> str:
        if value is None:
            return DASH
        told = self.wording.number(value, 0 if abs(value) >= 10 or pair.id == "reps" else 1)
        return f"{told}{pair.unit}" if pair.unit == "°" else f"{told} {pair.unit}".strip()

    def restyle(self) -> None:
        """Take the text size now in use."""
        super().restyle()
        pad(self._grid, 0, 0.4)


def in_room(view: TrunkView) -> TrunkView:
    """Return what there is room for beside the wave, what the drill is about first.

    With repetitions neither ring nor ribs and belly, and with a brace besides no table of the sides; with a ring beside
    a brace no ribs and belly; and a ring has left and right in it.
    """
    if view.reps is not None:
        return replace(view, ring=None, compartments=None, sides=view.sides if view.brace is None else ())
    compartments = None if view.ring is not None and view.brace is not None else view.compartments
    return replace(view, compartments=compartments, sides=() if view.ring is not None else view.sides)


class TrunkPanel(QWidget):
    """Those parts of a frame's trunk that are there, one below the other.

    Parameters
    ----------
    wording : Wording
    on_info : callable
        Takes a name and its definition when somebody asks what it is.
    """

    def __init__(self, wording: Wording, on_info: OnInfo) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self.reps = RepsPart(wording, on_info)
        self.brace = BracePart(wording, on_info)
        self.ring = RingPart(wording, on_info)
        self.compartments = CompartmentsPart(wording, on_info)
        self.pair = PairPart(wording, on_info)
        self._parts = (self.reps, self.brace, self.ring, self.compartments, self.pair)
        for part in self._parts:
            self._column.addWidget(part)
        self._column.addStretch(1)
        self.restyle()

    def show_view(self, view: TrunkView | None, *, numbers: bool) -> None:
        """Show what there is."""
        self.setVisible(view is not None)
        if view is None:
            return
        view = in_room(view)
        there = (view.reps, view.brace, view.ring, view.compartments, view.sides)
        for part, shown in zip(self._parts, there, strict=True):
            part.setVisible(bool(shown))
        if view.reps is not None:
            self.reps.show_view(view.reps, numbers=numbers)
        if view.brace is not None:
            self.brace.show_view(view.brace, numbers=numbers)
        if view.ring is not None:
            self.ring.show_view(view.ring, numbers=numbers)
        if view.compartments is not None:
            self.compartments.show_view(view.compartments, numbers=numbers)
        if view.sides:
            self.pair.show_pairs(view.sides, numbers=numbers)

    def restyle(self) -> None:
        """Take the text size now in use."""
        pad(self._column, 0, 0.6)
        for part in self._parts:
            part.restyle()
