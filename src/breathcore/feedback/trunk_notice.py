"""What is to be said of the sensors on the trunk: one slipped, left and right to be exchanged, a range that changed."""

import math

from breathcore.model.device import Place
from breathcore.model.message import Message, message
from breathcore.model.trunk import Expansion, Side, SiteCalibration, Unmeasured

BREATHS_N = 5  # in all of which the same side has opened more
CHANGE = 0.2  # of a calibration since the last time: flagged


class Notices:
    """Keeps what there is to say; `exchanged`: left and right are worn the other way about than at first.

    An exchange is wanted where the same side opened more, by more than chance and a symmetry index of 10, in the last
    breaths; once breaths were told with the sensors the other way about, it has been checked, until they are put on
    anew for another reason.
    """

    def __init__(self) -> None:
        self.exchanged = False
        self._checked = self._slipped = self._exchanging = False
        self._wider: list[Side | None] = []  # of the last breaths: the side that opened more
        self._calibrations: dict[str, SiteCalibration] = {}
        self._started = False

    def exchange(self) -> None:
        """Learn that left and right have been exchanged, or back."""
        self.exchanged = not self.exchanged
        self._exchanging = True
        self._wider = []

    def start(self) -> None:
        """Learn that the drill starts: what was to be looked at before it is said no more."""
        self._started = True

    def on_calibration(self, calibration: SiteCalibration) -> None:
        """Take what a site learned."""
        self._calibrations[calibration.source] = calibration
        self._wider, self._started = [], False
        self._checked = self._checked and (self._exchanging or not self._slipped)
        self._slipped = self._exchanging = False

    def on_expansion(self, expansion: Expansion) -> None:
        """Take a breath."""
        self._wider = [*self._wider[1 - BREATHS_N :], expansion.opens_more]
        sides = expansion.site(Place.LEFT), expansion.site(Place.RIGHT)
        self._slipped = self._slipped or any(s is not None and s.reason is Unmeasured.SLIPPED for s in sides)
        if self.exchanged and all(s is not None and s.reason is None for s in sides):
            self._checked = True

    def tell(self, expansion: Expansion | None) -> Message | None:
        """Return what is to be said now, after the breath `expansion` (None: none lately)."""
        slipped = () if expansion is None else [s for s in expansion.sites if s.reason is Unmeasured.SLIPPED]
        if slipped:
            return message("trunk.notice.slipped", place=slipped[0].place.value)
        if self._exchange_wanted:
            return message("trunk.notice.exchange")
        return None if self._started else self._changed()

    @property
    def _exchange_wanted(self) -> bool:
        uneven = len(self._wider) == BREATHS_N and self._wider[0] is not None and len(set(self._wider)) == 1
        return uneven and not self.exchanged and not self._checked

    def _changed(self) -> Message | None:
        """Say which site's range has changed most since the last time."""
        known = [c for c in self._calibrations.values() if not math.isnan(c.change)]
        most = max(known, key=lambda c: abs(c.change), default=None)
        if most is None or abs(most.change) <= CHANGE:
            return None
        return message("trunk.notice.changed", place=most.place.value, percent=round(100 * most.change))
