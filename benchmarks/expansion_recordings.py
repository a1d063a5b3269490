"""Expansion on real people: how large each breath was, told as it is over, against the whole recording looked at after.

    python benchmarks/expansion_recordings.py [--minutes 0] [--recordings har-hexoskin_001 …]

Recordings with a band round the chest and one round the belly (har-hexoskin; counts fall on inspiration). Nobody was
calibrated in them, so sizes are in counts, and where a band stands at ease is taken anew from itself every half minute;
what can be judged is the size from breath to breath and the lag of the belly behind the ribs. The bands are given to
`PersonEstimator` and `TrunkEstimator` as a session gives them, half a second at a time; each breath's size at both
bands is what `Expansion` tells once the breath is sure.

The reference is the recording's own: ends of breaths in and out, found after the fact in the chest band. Its size is
the peak less the line between the troughs on both sides, of the band low-passed at 2 Hz without phase error; beside it,
to compare, the way up from the trough before (which a sigh or a shift of posture changes, but not the breath). Only
breaths at rest (SD of the accelerometer below 0.05 g) inside windows whose rate the recorder's firmware confirms count,
as in the other benchmarks. A breath that is told belongs to the reference peak inside it. Missed are reference breaths
that none was told for, or one nearly twice as long, extra are told ones without a peak.

Printed for each person: breaths that were told of, missed, extra; r and slope (least squares through the means) of told
against reference sizes, chest, both ways, and the share of those breaths that got a size (%); the same for the belly's
band, once against its own peak in that breath less the line between its own troughs (up to a quarter of the breath
beyond), once against all of its way from lowest to highest, shifts of posture included; how many
breaths have a lag, its median, and how far it is from the lag read off afterwards (zero-phase, five breaths round it)
where that is clear (correlation of 0.8 and more); and how many breaths that look unlike (below 0.6) were given a lag
nevertheless.

Last, the brace of people at rest whom nobody asked for one (so any is a phantom), with a range taken from 28 s of their
own breath, 1.7 times that, anew every five minutes: told (s), share of it with a level, told to be braced (s), onsets.
"""

import argparse
import time
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from scipy import signal

from breathcore.estimate.chain import PersonEstimator
from breathcore.estimate.trunk.brace import BraceFollower
from breathcore.estimate.trunk.compartments import lag
from breathcore.estimate.trunk.estimator import TrunkEstimator
from breathcore.estimate.trunk.grid import GRID_HZ, grid_n
from breathcore.estimate.trunk.site import Even
from breathcore.model.blocks import SampleBlock
from breathcore.model.device import ChannelSpec, Place, Role
from breathcore.model.estimates import Breath, RateEstimate, Turn
from breathcore.model.trunk import BraceCalibration, Expansion, Unmeasured
from recordings import F64, REST_G, Recording, read
from recordings import RECORDINGS as FOLDER

HZ = 32.0
BLOCK_S = 0.5
RANGED_S = 30.0
CLEAR, UNLIKE = 0.8, 0.6
ASSUMED = 1.7  # times a quiet breath: the firmest brace
TOGETHER = 1.8  # times as long as the reference breath: several were told as one
CHEST = ChannelSpec("chest", Role.BELT, "a.u.", ("band",), HZ, BLOCK_S, inhale_sign=-1, place=Place.STERNUM)
BELLY = ChannelSpec("belly", Role.ABDOMEN_BELT, "a.u.", ("band",), HZ, BLOCK_S, inhale_sign=-1, place=Place.NAVEL)
BANDS = {"chest": (CHEST, "rip_thorax_counts"), "belly": (BELLY, "rip_abdomen_counts")}


@dataclass
class Result:
    """Sizes (told, reference) of both bands, lags (told, afterwards, correlation), and what was missed or too much."""

    name: str
    chest: list[tuple[float, float]] = field(default_factory=list)
    belly: list[tuple[float, float]] = field(default_factory=list)
    ways: list[tuple[float, float]] = field(default_factory=list)
    rises: list[tuple[float, float]] = field(default_factory=list)
    lags: list[tuple[float, float, float]] = field(default_factory=list)
    told: int = 0
    missed: int = 0
    extra: int = 0
    refused: int = 0


def thinned(x: F64, hz: float) -> F64:
    return signal.resample_poly(x - x[0], 1, round(hz / HZ)) + x[0]


def told(streams: dict[str, F64]) -> tuple[list[Expansion], dict[str, float]]:
    """Return what is told of each breath, live, and the counts that shares are of."""
    channels = [c for c, _ in BANDS.values()]
    person, trunk = PersonEstimator(channels), TrunkEstimator(channels)
    spans = {name: float(np.subtract(*np.percentile(smooth(x), (97.5, 2.5)))) for name, x in streams.items()}
    out: list = []
    step = round(BLOCK_S * HZ)
    size = min(len(x) for x in streams.values())
    for start in range(0, size - step, step):
        t = np.arange(start, start + step) / HZ
        if start % round(RANGED_S * HZ) == 0:
            for name, x in streams.items():
                low = float(np.percentile(-x[max(0, start - round(RANGED_S * HZ)) : start + step], 10))
                trunk.adopt(name, low, low + spans[name])
        blocks = [SampleBlock(BANDS[n][0], t, x[start : start + step, None]) for n, x in streams.items()]
        said = [e for b in blocks for e in person.push(b)]
        for item in (*(e for e in said if isinstance(e, Breath | Turn | RateEstimate)), *blocks):
            out += trunk.push(item)
    assert not person.faults
    assert not trunk.faults
    return [e for e in out if isinstance(e, Expansion)], spans


def smooth(x: F64) -> F64:
    return signal.sosfiltfilt(signal.butter(2, [0.08, 1.0], "band", fs=HZ, output="sos"), x)


def at_rest(r: Recording, at_s: float) -> bool:
    near = np.abs(r.events["ref_center_s"] - at_s) <= 1.01
    known = np.isfinite(r.events["ref_rate_bpm"]) & (r.events["move_sd_g"] < REST_G)
    return bool((near & known).any())


def references(r: Recording, until_s: float) -> list[tuple[float, float, float]]:
    """Return (trough, peak, next trough) of the breaths at rest."""
    peaks, troughs = r.events["ref_end_insp_s"], r.events["ref_end_exp_s"]
    found = []
    for low, high in pairwise(troughs):
        inside = peaks[(peaks > low) & (peaks < high)]
        if len(inside) == 1 and high < until_s and at_rest(r, float(inside[0])):
            found.append((float(low), float(inside[0]), float(high)))
    return found


def measured(r: Recording, minutes: float) -> Result:
    raw = {name: thinned(*r.signals[signal_name]) for name, (_, signal_name) in BANDS.items()}
    if minutes:
        raw = {c: x[: round(60.0 * minutes * HZ)] for c, x in raw.items()}
    until_s = min(len(x) for x in raw.values()) / HZ
    expansions, spans = told(raw)
    after = {name: signal.sosfiltfilt(signal.butter(2, 2.0, fs=HZ, output="sos"), -x) for name, x in raw.items()}
    result = Result(r.name)
    used: set[int] = set()
    for low, peak, high in references(r, until_s - 10.0):
        mine = [n for n, e in enumerate(expansions) if e.onset_s <= peak < e.end_s]
        used |= set(mine)
        if not mine or expansions[mine[0]].end_s - expansions[mine[0]].onset_s > TOGETHER * (high - low):
            result.missed += 1
            continue
        compare(result, expansions[mine[0]], after, (low, peak, high), spans)
    peaks = r.events["ref_end_insp_s"]
    for n, e in enumerate(expansions):
        inside = at_rest(r, e.onset_s) and at_rest(r, e.end_s) and e.end_s < until_s - 10.0
        if n not in used and inside and not ((peaks >= e.onset_s) & (peaks < e.end_s)).any():
            result.extra += 1
    return result


def compare(
    result: Result, e: Expansion, after: dict[str, F64], breath: tuple[float, float, float], spans: dict[str, float]
) -> None:
    low, peak, high = breath
    result.told += 1
    chest, belly = e.site(Place.STERNUM), e.site(Place.NAVEL)
    level, rise = peak_to_trough(after["chest"], breath)
    if chest is not None and np.isfinite(chest.share):
        result.chest.append((chest.share * spans["chest"], level))
        result.rises.append((chest.share * spans["chest"], rise))
    if belly is not None and np.isfinite(belly.share):
        part = after["belly"][round(low * HZ) : round(high * HZ) + 1]
        own = own_breath(after["belly"], low, high)
        result.belly.append((belly.share * spans["belly"], peak_to_trough(after["belly"], own)[0]))
        result.ways.append((belly.share * spans["belly"], float(np.ptp(part))))
    if np.isfinite(e.phase_deg):
        result.lags.append((e.phase_deg, *lag_after({n: smooth(y) for n, y in after.items()}, peak, high - low)))
    else:
        result.refused += 1


def own_breath(y: F64, low: float, high: float) -> tuple[float, float, float]:
    """Return (trough, peak, next trough) of a band's own breath near that of the chest."""
    beyond = 0.25 * (high - low)
    peak = round(low * HZ) + int(y[round(low * HZ) : round(high * HZ) + 1].argmax())
    start = max(0, round((low - beyond) * HZ))
    before = start + int(y[start : peak + 1].argmin())
    after = peak + int(y[peak : round((high + beyond) * HZ) + 1].argmin())
    return before / HZ, peak / HZ, after / HZ


def peak_to_trough(y: F64, breath: tuple[float, float, float]) -> tuple[float, float]:
    """Return a breath's peak less the line between its troughs, and less the trough before."""
    low, peak, high = breath
    near = round(0.25 * HZ)
    before, top, behind = (y[max(0, round(t * HZ) - near) : round(t * HZ) + near + 1] for t in breath)
    base = np.interp(peak, (low, high), (before.min(), behind.min()))
    return float(top.max() - base), float(top.max() - before.min())


def lag_after(after: dict[str, F64], peak: float, cycle_s: float) -> tuple[float, float]:
    t = np.arange(peak - 2.5 * cycle_s, peak + 2.5 * cycle_s, 1 / GRID_HZ)
    times = np.arange(len(after["chest"])) / HZ
    ribs, belly = (np.interp(t, times[: len(after[c])], after[c]) for c in BANDS)
    found = lag(ribs, belly, cycle_s, cycle_s)
    return found.deg, found.correlation


def phantoms(r: Recording, minutes: float) -> tuple[float, float, float, int]:
    """Return seconds at rest in which on and off of a brace are told, those with a level, those braced, and onsets."""
    y, c = (evenly(channel, thinned(*r.signals[name])) for channel, name in (BANDS["belly"], BANDS["chest"]))
    size = min(len(y), len(c), round(60.0 * minutes * GRID_HZ) if minutes else len(y))
    follower, ranged_s, braced = BraceFollower("belly", Place.NAVEL, GRID_HZ), -np.inf, False
    t, seen = np.arange(size) / GRID_HZ, np.zeros(4)
    for k in range(1, int(4 * size / GRID_HZ)):
        at_s, part = 0.25 * k, slice(grid_n(0.25 * (k - 1)), grid_n(0.25 * k))
        follower.push(t[part], y[part])
        follower.breathe(t[part], c[part])
        told = follower.tick(at_s)
        if at_rest(r, at_s) and at_s > 40.0 and at_s - ranged_s > 300.0:
            low, least, most = np.percentile(y[part.stop - round(28 * GRID_HZ) : part.stop], (8, 5, 95))
            firm = float(low + ASSUMED * (most - least))
            follower.calibrate(BraceCalibration(at_s, "belly", float(low), firm, 0.0))
            ranged_s = at_s
        elif at_rest(r, at_s) and told.reason in (None, Unmeasured.UNSURE, Unmeasured.LONE, Unmeasured.SMALL):
            seen += 0.25, 0.25 * (told.reason is None), 0.25 * told.on, told.on and not braced
        braced = told.on
    return float(seen[0]), float(seen[1]), float(seen[2]), int(seen[3])


def evenly(channel: ChannelSpec, x: F64) -> F64:
    even = Even(HZ, 1, 0.05)
    even.push(np.arange(len(x)) / HZ, x[:, None] * channel.inhale_sign)
    return np.asarray(even.take(0, grid_n(len(x) / HZ - 1.0))[0])


def row(result: Result) -> str:
    cells = [f"{result.name:18}{result.told:7}{result.missed:8}{result.extra:7}"]
    for sizes in (result.chest, result.rises, result.belly, result.ways):
        if len(sizes) < 3:
            cells.append("       –      –")
            continue
        mine, reference = np.array(sizes).T
        slope = np.polyfit(reference, mine, 1)[0]
        cells.append(f"{np.corrcoef(mine, reference)[0, 1]:8.3f}{slope:7.2f}")
    cells[1] += f"{100 * len(result.chest) / max(1, result.told):5.0f}"
    cells[3] += f"{100 * len(result.belly) / max(1, result.told):5.0f}"
    lags = np.array(result.lags).reshape(-1, 3)
    clear, unlike = lags[lags[:, 2] >= CLEAR], lags[lags[:, 2] < UNLIKE]
    off = np.abs((clear[:, 0] - clear[:, 1] + 180.0) % 360.0 - 180.0)
    middle = f"{np.median(lags[:, 0]):7.0f}" if len(lags) else "      –"
    error = f"{np.median(off):6.1f}{np.quantile(off, 0.9):6.1f}" if len(off) else "     –     –"
    cells.append(f"{len(lags):7}{result.refused:8}{middle}{error}{len(unlike):7}")
    return " ".join(cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=0.0)
    parser.add_argument("--recordings", nargs="*", default=())
    options = parser.parse_args()
    names = options.recordings or [p.stem for p in sorted(FOLDER.glob("har-hexoskin_*.json"))]
    if not names:
        print(f"no recordings in {FOLDER}")
    print(f"{'':18}{'':22} {'chest':>20} {'its way up':>15} {'belly':>20} {'all its way':>15} {'lag':>29}")
    heads = (
        *("breaths", "missed", "extra"),
        *("r", "slope", "told", "r", "slope", "r", "slope", "told", "r", "slope"),
        *("told", "refused", "deg", "off", "p90", "unlike"),
    )
    widths = (7, 8, 7, 9, 7, 5, 9, 7, 9, 7, 5, 9, 7, 8, 8, 7, 6, 6, 7)
    print(" " * 18 + "".join(f"{h:>{w}}" for h, w in zip(heads, widths, strict=True)))
    begun = time.perf_counter()
    for name in names:
        print(row(measured(read(FOLDER / f"{name}.json"), options.minutes)), flush=True)
    seen = np.array([phantoms(read(FOLDER / f"{name}.json"), options.minutes) for name in names]).sum(axis=0)
    if seen.any():
        told_s, level_s, braced_s, onsets = seen.tolist()
        share, per_min = level_s / told_s, 60.0 * onsets / told_s
        print(f"brace: {told_s:.0f} s told, level {share:.0%} of it, braced {braced_s:.0f} s, {per_min:.2f} onsets/min")
    print(f"{time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()
