"""What a session came to on the trunk: opening place by place, ribs and belly, brace, repetitions, left and right."""

from collections.abc import Iterable

from PySide6.QtWidgets import QFrame, QGridLayout, QProgressBar, QVBoxLayout

from breathcore.feedback.trunk_view import PairView
from breathcore.feedback.wording import Wording
from breathcore.gui.services import SideSummary, SiteSummary, TrunkSummary
from breathcore.gui.widgets import label, pad

DASH = "—"


class TrunkCard(QFrame):
    """The card of a summary.

    Parameters
    ----------
    wording : Wording
    told : TrunkSummary
    """

    def __init__(self, wording: Wording, told: TrunkSummary) -> None:
        super().__init__()
        self._wording = wording
        self.setProperty("card", "true")
        self._column = QVBoxLayout(self)
        pad(self._column, 1.2, 0.5)
        self._column.addWidget(label(wording.text("summary.trunk"), "title"))
        if told.sites:
            self._column.addLayout(self._sites(told.sites))
        for line in self._lines(told):
            self._column.addWidget(label(line))
        if told.sides:
            self._column.addWidget(label(wording.text("summary.sides"), "heading"))
            self._column.addLayout(self._table(told.sides))
            for line, role in self._said(told.sides):
                self._column.addWidget(label(line, role))

    def _sites(self, sites: Iterable[SiteSummary]) -> QGridLayout:
        grid = QGridLayout()
        pad(grid, 0, 0.5)
        grid.setColumnStretch(1, 1)
        for row, site in enumerate(sites):
            name = self._wording.text(f"trunk.site.{site.place.value}")
            percent = round(100 * site.share)
            bar = QProgressBar()
            bar.setTextVisible(False)
            bar.setRange(0, 100)
            bar.setValue(min(percent, 100))
            value = self._wording.text("trainer.percent", n=percent)
            said: dict[str, str | int] = {"site": name, "percent": percent}
            if site.cm is None:
                bar.setAccessibleName(self._wording.text("summary.trunk.site", **said))
            else:
                cm = self._wording.number(site.cm, 1)
                bar.setAccessibleName(self._wording.text("summary.trunk.site.cm", cm=cm, **said))
                value += f" · {self._wording.text('trunk.cm', n=cm)}"
            grid.addWidget(label(name, wrap=False), row, 0)
            grid.addWidget(bar, row, 1)
            grid.addWidget(label(value, wrap=False), row, 2)
        return grid

    def _lines(self, told: TrunkSummary) -> Iterable[str]:
        text = self._wording.text
        if told.rib_share is not None:
            ribs = round(100 * told.rib_share)
            yield text("summary.trunk.ribs", ribs=ribs, belly=100 - ribs)
        if told.brace is not None:
            yield text("summary.trunk.brace", percent=round(100 * told.brace))
        if told.reps_n:
            yield text("summary.trunk.reps", n=told.reps_n)
        if told.back_deg is not None:
            degrees = round(abs(told.back_deg))
            yield text("summary.trunk.rounded" if told.back_deg > 0 else "summary.trunk.hollowed", degrees=degrees)

    def _table(self, sides: Iterable[SideSummary]) -> QGridLayout:
        grid = QGridLayout()
        pad(grid, 0, 0.5)
        grid.setColumnStretch(0, 1)
        text = self._wording.text
        heads = (text("trunk.side.left"), text("trunk.side.right"), text("summary.sides.difference"))
        for column, head in enumerate(heads, 1):
            grid.addWidget(label(head, "muted", wrap=False), 0, column)
        for row, side in enumerate(sides, 1):
            pair = side.pair
            grid.addWidget(label(text(f"pair.{pair.id}")), row, 0)
            values = (self._value(pair, pair.left), self._value(pair, pair.right), self._difference(pair))
            for column, value in enumerate(values, 1):
                grid.addWidget(label(value, "heading" if pair.told and column == 3 else "", wrap=False), row, column)
        return grid

    def _value(self, pair: PairView, value: float | None) -> str:
        if value is None:
            return DASH
        told = self._wording.number(value, 0 if abs(value) >= 10 or pair.id == "reps" else 1)
        return f"{told}{pair.unit}" if pair.unit == "°" else f"{told} {pair.unit}".strip()

    def _difference(self, pair: PairView) -> str:
        if pair.difference is None or pair.uncertainty is None:
            return DASH
        percent = f"{pair.difference:+.0f}".replace("-", "−")
        return self._wording.text("summary.sides.percent", percent=percent, noise=round(pair.uncertainty))

    def _said(self, sides: Iterable[SideSummary]) -> Iterable[tuple[str, str]]:
        text, number = self._wording.text, self._wording.number
        real = [text(f"pair.{s.pair.id}") for s in sides if s.pair.told]
        yield (text("summary.sides.told", what=", ".join(real)) if real else text("summary.sides.chance"), "muted")
        for side in sides:
            what = text(f"pair.{side.pair.id}")
            if side.sessions_n and side.now is not None and side.pair.id in _TRENDS:
                facts: dict[str, str | int] = {"n": side.sessions_n, "what": what, "now": number(side.now)}
                if side.before is None:
                    yield text("summary.sides.trend-first", **facts), "muted"
                else:
                    yield text("summary.sides.trend", before=number(side.before), **facts), "muted"
            if side.red:
                yield text("summary.sides.red", what=what), "attention"
            elif side.sudden:
                yield text("summary.sides.sudden", what=what), "attention"


_TRENDS = frozenset({"range", "hold", "expansion"})  # what says most of a side; the others are in the files
