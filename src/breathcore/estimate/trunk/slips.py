"""Who has slipped: sensors that stand out of line with the others, were taken off, or are lain on."""

import math
from collections.abc import Mapping

import numpy as np

from breathcore.dsp.summary import median
from breathcore.estimate.trunk.expansion import Change, SiteFollower
from breathcore.estimate.trunk.grid import GRID_HZ
from breathcore.estimate.trunk.site import SiteKind
from breathcore.model.device import Place
from breathcore.model.trunk import Posture, PostureEstimate

TURNED_DEG = 10.0  # gravity stands otherwise than at the calibration: another posture
APART_DEG, APART_N = 8.0, 4  # a sensor that is out of line with the others, quarters of a second
PRESSED = {
    Posture.SUPINE: (Place.BACK,),
    Posture.PRONE: (Place.STERNUM, Place.NAVEL),
    Posture.LEFT_SIDE: (Place.LEFT,),
    Posture.RIGHT_SIDE: (Place.RIGHT,),
}


class Slips:
    """Watches how the sites stand to each other.

    Parameters
    ----------
    followers : mapping of channel id to SiteFollower
        The sites; those that have slipped are told so.

    Attributes
    ----------
    slipped_s : float
        When the last one slipped, -infinity where none has since the calibration.
    """

    def __init__(self, followers: Mapping[str, SiteFollower]) -> None:
        self._followers = followers
        self._apart_n: dict[str, int] = {}
        self.slipped_s = -math.inf

    def calibrated(self) -> None:
        """Begin afresh."""
        self._apart_n.clear()
        self.slipped_s = -math.inf

    def changed(self, end_k: int) -> None:
        """Look whether the body, or one sensor alone, has come to stand otherwise than when it was calibrated.

        A body that leans turns gravity by the same angle in all sensors on the ribs, however they are mounted. One
        that is out of line with them for a second has slipped, or is in somebody's hands. What only one sensor says
        may be either: a new posture is believed.
        """
        changes = {s: c for s, f in self._followers.items() if (c := f.change(end_k)) is not None}
        for source, follower in self._followers.items():
            if follower.lost is None and (follower.off(end_k) or self._stays_apart(source, changes)):
                follower.slip()
                self.slipped_s = end_k / GRID_HZ  # the others' sway was read from it too
        self._put_on_anew()
        ribs = [changes[s] for s in changes if self._on_ribs(s) and not self._apart_n.get(s)]
        if not ribs or median(np.array([c.degrees for c in ribs])) < TURNED_DEG:
            return
        if 2 * sum(c.still for c in ribs) >= len(ribs):
            for source, change in changes.items():
                self._followers[source].rest_in(change.rest, end_k)

    def _put_on_anew(self) -> None:
        """Where half of the sensors on the ribs have slipped, and more than one, all were taken off, belts too."""
        worn = [f for f in self._followers.values() if f.site.place is not Place.PELVIS]
        imus = [f for f in worn if f.site.kind is SiteKind.IMU]
        gone = [f for f in imus if f.lost is not None]
        if len(gone) > 1 and 2 * len(gone) >= len(imus):
            for follower in worn:
                follower.slip()

    def _on_ribs(self, source: str) -> bool:
        follower = self._followers[source]
        return follower.lost is None and follower.site.place is not Place.PELVIS

    def _stays_apart(self, source: str, changes: Mapping[str, Change]) -> bool:
        """Whether a site's gravity has been out of line with the others' for a second, and it is not the other's."""
        others = self._others(source, changes)
        mine = changes.get(source)
        if mine is None or not others or not self._on_ribs(source):
            self._apart_n[source] = 0
            return False
        apart = float(np.abs(mine.angles - np.median(np.stack([o.angles for o in others]), axis=0)).mean()) > APART_DEG
        self._apart_n[source] = self._apart_n.get(source, 0) + 1 if apart else 0
        outvoted = len(others) == 1 and others[0].degrees > mine.degrees
        return self._apart_n[source] >= APART_N and not outvoted

    def _others(self, source: str, changes: Mapping[str, Change]) -> list[Change]:
        """Return those of the other sensors on the ribs; the pelvis' where there is no other."""
        others = {s: c for s, c in changes.items() if self._followers[s].lost is None and s != source}
        return [d for s, d in others.items() if self._on_ribs(s)] or list(others.values())

    def posture(self, item: PostureEstimate) -> None:
        """Take the posture: a sensor that the body lies on is pressed."""
        for follower in self._followers.values():
            follower.pressed = follower.site.place in PRESSED.get(item.posture, ())
