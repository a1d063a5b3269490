"""Language, colours, text size, movement, sound: each works at once."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QSlider, QVBoxLayout

from breathcore.feedback.wording import Wording
from breathcore.gui.pages.parts import ChoiceCard, Columns, Page, Pills, field
from breathcore.gui.widgets import button, card, label
from breathcore.session.settings import LanguageChoice, Settings, ThemeChoice, Thinning

SIZES = (100, 125, 150, 175, 200)


class SettingsPage(Page):
    """The settings; nothing to confirm.

    Signals
    -------
    changed(object)
        The new `Settings`.
    questions()
        Forget the answers to the safety questions: they are asked anew.
    leave()
        Back to where it was opened.
    """

    changed = Signal(object)
    questions = Signal()
    leave = Signal()

    def __init__(self, wording: Wording, settings: Settings) -> None:
        super().__init__(wording)
        self._settings = settings
        self.title(self.text("settings.title"), self.text("settings.subtitle"))
        columns = Columns(52, (1, 1))
        columns.first.addWidget(self._look())
        columns.first.addWidget(self._therapist())
        columns.first.addStretch(1)
        columns.second.addWidget(self._behaviour())
        columns.second.addWidget(self._feedback())
        columns.second.addStretch(1)
        self.content.addWidget(columns)
        self.content.addStretch(1)
        self.done = button(self.text("settings.done"), self.leave.emit, kind="primary", drill=True)
        again = button(self.text("settings.questions"), self.questions.emit, drill=True)
        self.footer(again, right=(self.done,))

    def _look(self) -> QFrame:
        frame, column = card(margin_em=1.2, spacing_em=1.1)
        languages = [(c.value, self.text(f"settings.language.{c.value}")) for c in LanguageChoice]
        themes = [(c.value, self.text(f"settings.theme.{c.value}")) for c in ThemeChoice]
        sizes = [(str(n), self.text("settings.percent", percent=n)) for n in SIZES]
        size = str(min(SIZES, key=lambda n: abs(n - self._settings.text_percent)))
        rows: tuple[tuple[str, list[tuple[str, str]], str, Callable[[str], Settings]], ...] = (
            ("language", languages, self._settings.language.value, self._language),
            ("theme", themes, self._settings.theme.value, self._theme),
            ("size", sizes, size, self._size),
        )
        for name, options, now, change in rows:
            caption = self.text(f"settings.{name}")
            pills = Pills(caption, options)
            pills.choose(now)
            pills.chosen.connect(lambda id_, change=change: self._change(change(id_)))
            column.addLayout(field(caption, pills))
        return frame

    def _therapist(self) -> QFrame:
        """Return what only a therapist opens, for the person chosen last."""
        frame, column = card(margin_em=1.2, spacing_em=0.6)
        person, settings = self._settings.last_person, self._settings
        stored = settings.screenings.get(person)
        barred = stored is not None and bool(stored.conditions)
        whose = self.text("settings.opened.for", person=person) if person else self.text("settings.opened.nobody")
        fact = self.text("settings.opened.condition") if barred else whose
        self.opened = ChoiceCard(self.text("settings.opened"), fact=fact)
        self.opened.setChecked(person in settings.opened and not barred)
        self.opened.setEnabled(not barred)
        self.opened.clicked.connect(self._ask_opened)
        column.addWidget(self.opened)
        return frame

    def _ask_opened(self, on: bool) -> None:  # noqa: FBT001  (the signal's argument)
        """Ask before it is opened; it is shut without a word."""
        person = self._settings.last_person
        if not on:
            self._change(self._settings.with_opened(person, on=False))
            return
        self.opened.setChecked(False)

        def opened() -> None:
            self.opened.setChecked(True)
            self._change(self._settings.with_opened(person, on=True))

        self.overlay.ask(
            self.text("settings.opened.title"),
            self.text("settings.opened.body"),
            (
                button(self.text("settings.opened.yes"), opened, drill=True),
                button(self.text("settings.opened.no"), kind="primary", drill=True),
            ),
        )

    def _feedback(self) -> QFrame:
        frame, column = card(margin_em=1.2, spacing_em=0.6)
        caption = self.text("settings.feedback")
        self.feedback = Pills(caption, [(t.value, self.text(f"settings.feedback.{t.value}")) for t in Thinning])
        self.feedback.choose(self._settings.thinning.value)
        column.addLayout(field(caption, self.feedback))
        about = label(self.text(f"settings.feedback.{self._settings.thinning.value}.about"), "small")
        column.addWidget(about)

        def change(id_: str) -> None:
            about.setText(self.text(f"settings.feedback.{id_}.about"))
            self._change(replace(self._settings, thinning=Thinning(id_)))

        self.feedback.chosen.connect(change)
        return frame

    def _behaviour(self) -> QFrame:
        frame, column = card(margin_em=1.2, spacing_em=1.0)
        self.volume = QSlider(Qt.Orientation.Horizontal)
        self.volume.setRange(0, 100)
        self.volume.setPageStep(10)
        self.volume.setValue(self._settings.volume_percent)
        caption = label("", "heading")
        caption.setBuddy(self.volume)

        def volume(value: int) -> None:
            caption.setText(self.text("settings.volume", percent=value))
            self.volume.setAccessibleName(caption.text())
            if value != self._settings.volume_percent:
                self._change(replace(self._settings, volume_percent=value))

        self.volume.valueChanged.connect(volume)
        volume(self._settings.volume_percent)
        column.addWidget(caption)
        column.addWidget(self.volume)
        self._flag(column, "motion", "reduced_motion")
        self._flag(column, "seconds", "show_seconds")
        return frame

    def _flag(self, column: QVBoxLayout, id_: str, name: str) -> None:
        box = ChoiceCard(self.text(f"settings.{id_}"), fact=self.text(f"settings.{id_}.about"))
        box.setChecked(bool(getattr(self._settings, name)))
        box.toggled.connect(lambda on: self._change(replace(self._settings, **{name: on})))
        column.addWidget(box)

    def _language(self, id_: str) -> Settings:
        return replace(self._settings, language=LanguageChoice(id_))

    def _theme(self, id_: str) -> Settings:
        return replace(self._settings, theme=ThemeChoice(id_))

    def _size(self, id_: str) -> Settings:
        return replace(self._settings, text_percent=int(id_))

    def _change(self, settings: Settings) -> None:
        self._settings = settings
        self.changed.emit(settings)
