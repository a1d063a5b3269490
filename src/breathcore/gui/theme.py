"""Two themes, one scale: colours by purpose, sizes in em, and the stylesheet made of them.

Colours are Okabe–Ito's, darkened or lightened where text needs 4.5:1; nothing is told by colour alone.
"""

from dataclasses import dataclass

from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication

BASE_PX = 15.0  # the em at 100 %, in logical pixels
TEXT_CONTRAST = 4.5
GRAPH_CONTRAST = 3.0


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours by purpose, as ``#rrggbb``."""

    id: str
    background: str  # of the window
    surface: str  # of cards and of the wave
    raised: str  # of buttons and fields
    pressed: str
    line: str  # hairlines between things, decoration only
    border: str  # outlines of controls
    text: str
    muted: str
    accent: str  # the one accent: main button, selection, target
    on_accent: str
    accent_soft: str  # background of a notice
    good: str
    attention: str
    attention_soft: str
    band: str  # fill of the target band
    band_glide: str  # the same before scoring starts
    target: str  # centre line of the band
    trace: str  # the person's own line
    now: str
    focus: str

    def text_pairs(self) -> tuple[tuple[str, str], ...]:
        """Return every (text, background) pair in use: 4.5:1 at least."""
        grounds = (self.background, self.surface, self.raised, self.pressed, self.accent_soft, self.attention_soft)
        inks = (self.text, self.muted)
        pairs = [(ink, ground) for ink in inks for ground in grounds]
        pairs += [(ink, ground) for ink in (self.good, self.attention, self.accent) for ground in grounds[:3]]
        return (*pairs, (self.on_accent, self.accent), (self.attention, self.attention_soft))

    def graph_pairs(self) -> tuple[tuple[str, str], ...]:
        """Return every (graph part or control outline, background) pair in use: 3:1 at least."""
        parts = [(self.trace, ground) for ground in (self.surface, self.band, self.band_glide)]
        parts += [(self.target, ground) for ground in (self.surface, self.band, self.band_glide)]
        parts += [(ink, self.surface) for ink in (self.now, self.border, self.good, self.attention)]
        parts += [(ink, ground) for ink in (self.focus, self.border) for ground in (self.background, self.surface)]
        return (*parts, (self.border, self.raised), (self.focus, self.raised))


LIGHT = Theme(
    id="light",
    background="#eef2f5",
    surface="#ffffff",
    raised="#ffffff",
    pressed="#dfe8ee",
    line="#d7e0e6",
    border="#7b8c99",
    text="#13212c",
    muted="#475966",
    accent="#00669f",
    on_accent="#ffffff",
    accent_soft="#e0eff8",
    good="#00694d",
    attention="#a34400",
    attention_soft="#fdeedd",
    band="#d9ebf6",
    band_glide="#ebf1f5",
    target="#3d88b8",
    trace="#c95700",
    now="#475966",
    focus="#a8437f",
)

DARK = Theme(
    id="dark",
    background="#0e151b",
    surface="#17212a",
    raised="#22303b",
    pressed="#2e3f4c",
    line="#2b3944",
    border="#7d909f",
    text="#eaf1f6",
    muted="#b2c0cb",
    accent="#64bbec",
    on_accent="#05202f",
    accent_soft="#173246",
    good="#3fcb9d",
    attention="#f2ad2e",
    attention_soft="#3a2c12",
    band="#1d3d52",
    band_glide="#1e2c37",
    target="#64a9d2",
    trace="#f0a820",
    now="#b2c0cb",
    focus="#f0a3d0",
)

THEMES = {theme.id: theme for theme in (LIGHT, DARK)}


@dataclass(frozen=True, slots=True)
class Style:
    """A theme at a text size (1.0–2.0)."""

    theme: Theme
    scale: float = 1.0

    @property
    def em(self) -> float:
        """The text size in logical pixels: the unit of every length on screen."""
        return BASE_PX * self.scale

    def px(self, ems: float) -> int:
        """Return `ems` text sizes in whole pixels, one at least."""
        return max(1, round(ems * self.em))

    def color(self, token: str) -> QColor:
        """Return the colour called `token`."""
        return QColor(str(getattr(self.theme, token)))

    def font(self, ems: float = 1.0, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
        """Return the window's font at `ems` text sizes."""
        font = QFont(QApplication.font())
        font.setPixelSize(self.px(ems))
        font.setWeight(weight)
        return font


_applied = [Style(LIGHT)]
_STYLED = "breathcore_styled"


def current() -> Style:
    """Return the style last applied: what painted widgets draw with."""
    return _applied[0]


def apply(app: QApplication, theme: Theme, scale: float = 1.0) -> Style:
    """Dress the whole program in `theme` with text of `scale` (1.0 = 100 %), and return the style."""
    style = Style(theme, min(max(scale, 1.0), 2.0))
    _applied[0] = style
    if not app.property(_STYLED):  # a new style is given to every widget, those about to go included: once is enough
        app.setStyle("Fusion")
        app.setProperty(_STYLED, "yes")
    font = QFont(app.font())
    font.setPixelSize(style.px(1.0))
    app.setFont(font)
    app.setPalette(_palette(style))
    app.setStyleSheet(stylesheet(style))
    return style


def _palette(style: Style) -> QPalette:
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: "background",
        QPalette.ColorRole.Base: "raised",
        QPalette.ColorRole.AlternateBase: "surface",
        QPalette.ColorRole.Button: "raised",
        QPalette.ColorRole.WindowText: "text",
        QPalette.ColorRole.Text: "text",
        QPalette.ColorRole.ButtonText: "text",
        QPalette.ColorRole.PlaceholderText: "muted",
        QPalette.ColorRole.ToolTipBase: "surface",
        QPalette.ColorRole.ToolTipText: "text",
        QPalette.ColorRole.Highlight: "accent",
        QPalette.ColorRole.HighlightedText: "on_accent",
        QPalette.ColorRole.Link: "accent",
        QPalette.ColorRole.Mid: "border",
    }
    for role, token in roles.items():
        palette.setColor(role, style.color(token))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, style.color("muted"))
    return palette


def stylesheet(style: Style) -> str:
    """Return the stylesheet: roles of labels, kinds of buttons, cards, fields; lengths all in em."""
    return "\n".join((_texts(style), _cards(style), _buttons(style), _fields(style), _bars(style)))


def _texts(s: Style) -> str:
    t = s.theme
    return f"""
    QWidget {{ color: {t.text}; font-size: {s.px(1)}px; }}
    QMainWindow, QDialog, QWidget[page="true"] {{ background: {t.background}; }}
    QLabel {{ background: transparent; }}
    QLabel[role="display"] {{ font-size: {s.px(3.4)}px; font-weight: 600; }}
    QLabel[role="number"] {{ font-size: {s.px(1.9)}px; font-weight: 600; }}
    QLabel[role="hero"] {{ font-size: {s.px(2.1)}px; font-weight: 600; }}
    QLabel[role="title"] {{ font-size: {s.px(1.45)}px; font-weight: 600; }}
    QLabel[role="heading"] {{ font-size: {s.px(1.1)}px; font-weight: 600; }}
    QLabel[role="cue"] {{ font-size: {s.px(1.7)}px; font-weight: 600; }}
    QLabel[role="muted"] {{ color: {t.muted}; }}
    QLabel[role="small"] {{ color: {t.muted}; font-size: {s.px(0.88)}px; }}
    QLabel[role="good"] {{ color: {t.good}; font-weight: 600; }}
    QLabel[role="attention"] {{ color: {t.attention}; font-weight: 600; }}
    QToolTip {{ background: {t.surface}; color: {t.text}; border: 1px solid {t.border}; padding: {s.px(0.4)}px; }}
    """


def _cards(s: Style) -> str:
    t = s.theme
    return f"""
    QFrame[card="true"] {{ background: {t.surface}; border: 1px solid {t.line}; border-radius: {s.px(0.9)}px; }}
    QFrame[card="notice"] {{ background: {t.accent_soft}; border: {s.px(0.12)}px solid {t.accent};
        border-radius: {s.px(0.9)}px; }}
    QFrame[card="attention"] {{ background: {t.attention_soft}; border: {s.px(0.12)}px solid {t.attention};
        border-radius: {s.px(0.9)}px; }}
    QFrame[card="overlay"] {{ background: {t.surface}; border: {s.px(0.12)}px solid {t.border};
        border-radius: {s.px(0.9)}px; }}
    QScrollArea[sheet="true"], QScrollArea[sheet="true"] > QWidget > QWidget {{ background: transparent;
        border: none; }}
    QScrollArea, QScrollArea > QWidget > QWidget[page="true"] {{ background: {t.background}; border: none; }}
    """


def _buttons(s: Style) -> str:
    t = s.theme
    ring = s.px(0.16)
    return f"""
    QPushButton {{ background: {t.raised}; color: {t.text}; border: {ring}px solid {t.border};
        border-radius: {s.px(0.65)}px; padding: {s.px(0.35)}px {s.px(1.0)}px; min-height: {s.px(1.5)}px; }}
    QPushButton:hover, QPushButton:pressed {{ background: {t.pressed}; }}
    QPushButton:disabled {{ color: {t.muted}; border-color: {t.line}; background: {t.background}; }}
    QPushButton[drill="true"] {{ min-height: {s.px(2.4)}px; padding: {s.px(0.25)}px {s.px(0.8)}px;
        font-size: {s.px(1.05)}px; font-weight: 600; }}
    QPushButton[kind="primary"] {{ background: {t.accent}; color: {t.on_accent}; border-color: {t.accent};
        font-weight: 600; }}
    QPushButton[kind="primary"]:disabled {{ background: {t.background}; color: {t.muted}; border-color: {t.line}; }}
    QPushButton[kind="attention"] {{ color: {t.attention}; border-color: {t.attention}; font-weight: 600; }}
    QPushButton[kind="attention"]:disabled {{ color: {t.muted}; border-color: {t.line}; }}
    QPushButton[kind="quiet"] {{ background: transparent; border-color: transparent; color: {t.accent}; }}
    QPushButton[kind="segment"] {{ padding: {s.px(0.25)}px {s.px(0.75)}px; font-weight: 600; }}
    QPushButton[kind="segment"]:checked {{ background: {t.accent}; color: {t.on_accent}; border-color: {t.accent}; }}
    QPushButton[kind="info"] {{ border-radius: {s.px(0.78)}px; padding: 0px; color: {t.accent}; font-weight: 600;
        border: {s.px(0.1)}px solid {t.border}; background: transparent;
        min-width: {s.px(1.4)}px; max-width: {s.px(1.4)}px; min-height: {s.px(1.4)}px; max-height: {s.px(1.4)}px; }}
    QPushButton:focus, QPushButton[kind="quiet"]:focus, QPushButton[kind="primary"]:focus,
    QPushButton[kind="attention"]:focus, QPushButton[kind="info"]:focus,
    QPushButton[kind="segment"]:focus {{ border: {s.px(0.2)}px solid {t.focus}; }}
    QCheckBox, QRadioButton {{ spacing: {s.px(0.6)}px; min-height: {s.px(1.8)}px; background: transparent; }}
    QCheckBox::indicator, QRadioButton::indicator {{ width: {s.px(1.1)}px; height: {s.px(1.1)}px;
        border: {s.px(0.13)}px solid {t.border}; background: {t.raised}; }}
    QCheckBox::indicator {{ border-radius: {s.px(0.3)}px; }}
    QRadioButton::indicator {{ border-radius: {s.px(0.66)}px; }}
    QCheckBox::indicator:checked {{ background: {t.accent}; border-color: {t.accent}; }}
    QRadioButton::indicator:checked {{ border: {s.px(0.4)}px solid {t.accent}; background: {t.on_accent};
        width: {s.px(0.56)}px; height: {s.px(0.56)}px; }}
    QCheckBox::indicator:focus, QRadioButton::indicator:focus {{ border-color: {t.focus}; }}
    QCheckBox:focus, QRadioButton:focus {{ color: {t.focus}; }}
    """


def _fields(s: Style) -> str:
    t = s.theme
    field = "QLineEdit, QTextEdit, QPlainTextEdit, QComboBox, QSpinBox"
    focused = ", ".join(f"{name}:focus" for name in field.split(", "))
    return f"""
    {field} {{ background: {t.raised}; color: {t.text}; border: {s.px(0.1)}px solid {t.border};
        border-radius: {s.px(0.5)}px; padding: {s.px(0.35)}px {s.px(0.6)}px; min-height: {s.px(1.5)}px;
        selection-background-color: {t.accent}; selection-color: {t.on_accent}; }}
    {focused} {{ border: {s.px(0.2)}px solid {t.focus}; }}
    QListWidget, QTableWidget {{ background: {t.surface}; border: 1px solid {t.line};
        border-radius: {s.px(0.6)}px; padding: {s.px(0.3)}px; outline: none; }}
    QListWidget::item {{ padding: {s.px(0.5)}px; border-radius: {s.px(0.4)}px; }}
    QListWidget::item:selected, QTableWidget::item:selected {{ background: {t.accent}; color: {t.on_accent}; }}
    QListWidget:focus, QTableWidget:focus {{ border: {s.px(0.2)}px solid {t.focus}; }}
    """


def _bars(s: Style) -> str:
    t = s.theme
    return f"""
    QProgressBar {{ background: {t.pressed}; border: none; border-radius: {s.px(0.2)}px;
        min-height: {s.px(0.5)}px; max-height: {s.px(0.5)}px; }}
    QProgressBar::chunk {{ background: {t.accent}; border-radius: {s.px(0.2)}px; }}
    QSlider {{ min-height: {s.px(1.8)}px; background: transparent; border-radius: {s.px(0.5)}px;
        border: {s.px(0.16)}px solid transparent; }}
    QSlider:focus {{ border-color: {t.focus}; }}
    QSlider::groove:horizontal {{ background: {t.border}; height: {s.px(0.3)}px; border-radius: {s.px(0.15)}px; }}
    QSlider::sub-page:horizontal {{ background: {t.accent}; border-radius: {s.px(0.15)}px; }}
    QSlider::handle:horizontal {{ background: {t.accent}; width: {s.px(1.6)}px; height: {s.px(1.6)}px;
        margin: -{s.px(0.65)}px 0; border-radius: {s.px(0.8)}px; }}
    QScrollBar:vertical {{ background: transparent; width: {s.px(0.8)}px; margin: 0; }}
    QScrollBar:horizontal {{ background: transparent; height: {s.px(0.8)}px; margin: 0; }}
    QScrollBar::handle {{ background: {t.border}; border-radius: {s.px(0.35)}px; min-height: {s.px(2)}px; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    """


def luminance(color: str) -> float:
    """Return the relative luminance (WCAG 2.2) of ``#rrggbb``, 0–1."""
    parts = [int(color[i : i + 2], 16) / 255.0 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    """Return the contrast ratio (WCAG 2.2) of two colours, 1–21."""
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)
