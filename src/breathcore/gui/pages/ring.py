"""A ring that fills, with a word in its middle."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from breathcore.gui import icons, theme


class Ring(QWidget):
    """How much is done, as a ring; a tick in its middle when all is done and there is no word."""

    def __init__(self, name: str, ems: float = 9.0) -> None:
        super().__init__()
        self._name = name
        self._ems = ems
        self._share = 0.0
        self._word = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)

    def tell(self, share: float, word: str) -> None:
        """Show `share` (0–1) and the word."""
        self._share, self._word = min(max(share, 0.0), 1.0), word
        self.setAccessibleName(f"{self._name}: {word}" if word else self._name)
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802  (Qt's name)
        """Return a square."""
        side = theme.current().px(self._ems)
        return QSize(side, side)

    def minimumSizeHint(self) -> QSize:  # noqa: N802  (Qt's name)
        """Return the same."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  (Qt's name)
        """Draw ground, filling and word."""
        style = theme.current()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            thick = 0.55 * style.em
            side = self.sizeHint().height() - 2 * thick
            ring = QRectF((self.width() - side) / 2, thick, side, side)
            pen = QPen(style.color("pressed"), thick)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            painter.drawEllipse(ring)
            done = self._share >= 1.0 and not self._word
            pen.setColor(style.color("good" if done else "accent"))
            painter.setPen(pen)
            painter.drawArc(ring, 90 * 16, -round(self._share * 360 * 16))
            if done:
                mark = QRectF(0, 0, 0.55 * side, 0.55 * side)
                mark.moveCenter(ring.center())
                icons.draw(painter, "check", mark, style.color("good"))
            painter.setPen(style.color("text"))
            painter.setFont(style.font(1.9, QFont.Weight.DemiBold))
            painter.drawText(ring, Qt.AlignmentFlag.AlignCenter, self._word)
