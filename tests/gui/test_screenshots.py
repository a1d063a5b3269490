"""Every screen in every state: nothing cut off, everything named, readable, and no two states alike."""

import hashlib
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from breathcore.gui import screenshots
from breathcore.gui.audit import audit, contrast_faults, measured_contrast, settle
from breathcore.gui.pages.parts import Dropdown
from breathcore.gui.screenshots import Look, Studio
from breathcore.gui.widgets import button, label

AUDITED = (Look("light", 100, "en"), Look("dark", 200, "de"), Look("light", 100, "de"), Look("dark", 200, "en"))


@pytest.fixture
def studio(qapp):
    return Studio()


def digest(image: QImage) -> str:
    return hashlib.sha256(bytes(image.constBits())).hexdigest()


def in_sight(widget: QWidget, page: QWidget) -> bool:
    """Whether nothing of a widget in the page's scrolled part is scrolled away."""
    viewport = page.area.viewport()
    if not (widget.isVisibleTo(page) and viewport.isAncestorOf(widget)):
        return False
    return viewport.rect().contains(widget.rect().translated(widget.mapTo(viewport, QPoint(0, 0))))


@pytest.mark.parametrize("look", AUDITED, ids=lambda look: f"{look.theme}-{look.scale}-{look.language}")
def test_no_screen_has_a_fault_and_no_two_are_alike(studio, look):
    wording = studio.dress(look)
    faults, seen = {}, {}
    for shot in screenshots.shots():
        page = studio.pose(shot, wording)
        found = audit(page)
        if found:
            faults[shot.screen, shot.state] = found
        seen.setdefault(digest(studio.take(page)), []).append((shot.screen, shot.state))
        studio.dismiss(page)
    assert not faults
    assert not [alike for alike in seen.values() if len(alike) > 1]


@pytest.mark.parametrize("language", ["en", "de"])
def test_preparing_with_six_sensors_needs_no_scrolling(studio, language):
    wording = studio.dress(Look("light", 100, language))
    hidden = {}
    for shot in (s for s in screenshots.shots() if s.screen == "trunk-prepare"):
        page = studio.pose(shot, wording)
        hidden[shot.state] = page.area.verticalScrollBar().maximum()
        studio.dismiss(page)
    assert not [state for state, below in hidden.items() if below]


def test_colours_have_contrast():
    assert contrast_faults() == ()


@pytest.mark.parametrize("look", [Look("light", 100, "en"), Look("dark", 100, "en")], ids=lambda look: look.theme)
def test_painted_text_has_contrast(studio, look):
    """What is really painted, not what the palette says: labels and buttons of one full page."""
    wording = studio.dress(look)
    shot = next(s for s in screenshots.shots() if (s.screen, s.state) == ("summary", "lost"))
    page = studio.pose(shot, wording)
    image = studio.take(page)
    low = []
    assert sum(in_sight(w, page) for w in page.findChildren(QLabel)) > 20
    for widget in [*page.findChildren(QLabel), *page.findChildren(QPushButton)]:
        place = widget.rect().translated(widget.mapTo(page, widget.rect().topLeft()))
        if in_sight(widget, page) and widget.text().strip("→— "):
            ratio = measured_contrast(image, place)
            if ratio < 4.4:  # antialiased thin strokes never quite reach their ink
                low.append((widget.text(), ratio))
    studio.dismiss(page)
    assert not low


def test_files_are_named_by_what_they_show(tmp_path: Path, monkeypatch, qapp):
    few = [s for s in screenshots.shots() if s.screen in ("notnow", "form")]
    monkeypatch.setattr(screenshots, "shots", lambda: tuple(few))
    paths = screenshots.make_screenshots(tmp_path / "out")
    assert len(paths) == len(few) * 8
    assert {p.name for p in paths} >= {"notnow-emergency-light-100-en.png", "form-instead-dark-200-de.png"}
    assert len({hashlib.sha256(p.read_bytes()).hexdigest() for p in paths}) == len(paths)
    assert all(QImage(str(p)).size() == QSize(*screenshots.SIZE) for p in paths)


class TestTheAuditFinds:
    """An audit that finds nothing anywhere would also pass: each kind of fault is planted here."""

    @pytest.fixture
    def page(self, studio, qtbot):
        studio.dress(Look("light", 100, "en"))
        made = QWidget()
        QVBoxLayout(made)
        made.resize(400, 300)
        made.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        qtbot.addWidget(made)
        return made

    def kinds(self, page: QWidget) -> set[str]:
        page.show()
        settle()
        return {f.kind for f in audit(page)}

    def test_nothing_where_nothing_is(self, page):
        page.layout().addWidget(label("A sentence that has all the room it needs."))
        page.layout().addWidget(button("Press"))
        assert self.kinds(page) == set()

    def test_a_label_that_is_cut_off(self, page):
        cut = label("A sentence that is much longer than the room it has been given here.")
        cut.setFixedSize(80, 20)
        page.layout().addWidget(cut)
        assert self.kinds(page) == {"clipped"}

    def test_a_button_that_is_cut_off(self, page):
        cut = button("A long text on a button")
        cut.setFixedWidth(60)
        page.layout().addWidget(cut)
        assert self.kinds(page) == {"clipped"}

    def test_a_text_in_a_dropdown_that_would_be_cut_off_if_it_were_chosen(self, page):
        box = Dropdown()
        box.setAccessibleName("where")
        box.addItems(["left", "a place with a name that is longer than the box"])
        box.setFixedWidth(160)
        page.layout().addWidget(box)
        assert self.kinds(page) == {"clipped"}

    def test_a_control_without_a_name(self, page):
        nameless = QPushButton("")
        nameless.setMinimumSize(40, 40)
        page.layout().addWidget(nameless)
        assert self.kinds(page) == {"unnamed"}

    def test_a_target_that_is_too_small(self, page):
        tiny = button("x")
        tiny.setStyleSheet("min-height: 0; padding: 0")
        tiny.setFixedSize(30, 16)
        page.layout().addWidget(tiny)
        assert "small" in self.kinds(page)

    def test_a_widget_beyond_the_edge(self, page):
        row = QWidget(page)
        inner = QHBoxLayout(row)
        wide = label("wide", wrap=False)
        wide.setFixedWidth(300)
        inner.addWidget(wide)
        row.setGeometry(250, 10, 320, 40)
        assert "outside" in self.kinds(page)
