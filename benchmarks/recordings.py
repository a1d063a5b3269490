"""Recorded people, and what is known of their breathing: the references that estimates are judged by.

Recordings lie in $BREATHCORE_RECORDINGS (default: ../shared/data beside the checkout). BIDMC has two human annotators;
the thoracic band and the waveforms are read by an offline detector; the paced recordings have their pacer.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import signal

F64 = np.ndarray
Signals = Mapping[str, tuple[F64, float]]  # role → values and rate in Hz
WINDOW_S, STRIDE_S = 32.0, 2.0
RECORDINGS = Path(os.environ.get("BREATHCORE_RECORDINGS", Path(__file__).parents[2] / "shared" / "data"))
NONE = np.empty(0)


@dataclass(frozen=True)
class Recording:
    """Signals (values, rate in Hz), reference events and facts of one file; all signals begin at 0."""

    name: str
    facts: dict
    signals: dict[str, tuple[F64, float]]
    events: dict[str, F64]

    @property
    def seconds(self) -> float:
        return max(len(x) / hz for x, hz in self.signals.values())


@dataclass(frozen=True)
class Windows:
    """Reference windows: their ends, the rate in each, and how much the body moved."""

    end_s: F64
    rate_bpm: F64
    movement_g: F64

    def where(self, keep: F64) -> "Windows":
        return Windows(self.end_s[keep], self.rate_bpm[keep], self.movement_g[keep])


def read(path: Path) -> Recording:
    facts = json.loads(path.read_text())
    arrays = np.load(path.with_suffix(".npz"))
    scaled = {
        name: (arrays[name].astype(float) * spec["scale"] + spec["offset"], float(spec["fs_hz"]))
        for name, spec in facts["signals"].items()
    }
    return Recording(path.stem, facts, scaled, {n: arrays[n] for n in arrays.files if n not in scaled})


# ── references ───────────────────────────────────────────────────────────────────────────────────────────────────────


def rate_of(events: F64, end_s: float) -> float:
    """Rate of the events in the window that ends at `end_s`; at least three are needed."""
    inside = events[np.searchsorted(events, end_s - WINDOW_S) : np.searchsorted(events, end_s)]
    return 60.0 * (len(inside) - 1) / (inside[-1] - inside[0]) if len(inside) > 2 else np.nan


def agreeing(ends: F64, one: F64, other: F64) -> Windows:
    """Windows in which two sets of events agree within 2/min, with the mean of their rates."""
    both = np.array([[rate_of(one, e), rate_of(other, e)] for e in ends]).reshape(-1, 2)
    keep = np.abs(both[:, 0] - both[:, 1]) <= 2
    return Windows(ends[keep], both[keep].mean(axis=1), np.zeros(keep.sum()))


def extremes(x: F64, hz: float) -> tuple[F64, F64]:
    """Offline reference: maxima and minima (s) of the 0.05–1 Hz waveform, small or hasty excursions merged away."""
    grid = 16.0
    smooth = signal.sosfiltfilt(signal.butter(4, min(0.4 * grid, 0.45 * hz), fs=hz, output="sos"), x - np.median(x))
    y = np.interp(np.arange(int(len(x) / hz * grid)) / grid, np.arange(len(x)) / hz, smooth)
    y = signal.sosfiltfilt(signal.butter(2, [0.05, 1.0], "band", fs=grid, output="sos"), y)
    rising = np.where(np.diff(y) < 0, -1, 1)
    at = list(np.flatnonzero(np.diff(rising)) + 1)
    while len(at) > 4 and (worst := _worst_excursion(np.array(at), y, grid)) is not None:
        del at[worst : worst + 2]
    if len(at) < 3:
        return NONE, NONE
    times = np.array(at) / grid
    pair = times[::2], times[1::2]
    return pair if y[at[0]] > y[at[1]] else pair[::-1]


def _worst_excursion(at: F64, y: F64, grid: float) -> int | None:
    start_s, size = at[:-1] / grid, np.abs(np.diff(y[at]))
    usual = np.array([np.median(size[np.abs(start_s - s) < 30]) for s in start_s])
    bad = (size < 0.3 * usual) | (np.diff(at) / grid < 0.35)
    return int(np.argmin(np.where(bad, size / usual, np.inf))) if bad.any() else None


def human_windows(r: Recording) -> Windows:
    return agreeing(np.arange(WINDOW_S, 480.01, STRIDE_S), *(r.events[f"breaths_ann{i}_s"] for i in (1, 2)))


def band_windows(r: Recording) -> Windows:
    known = np.isfinite(r.events["ref_rate_bpm"])
    ends = r.events["ref_center_s"] + WINDOW_S / 2
    return Windows(ends, r.events["ref_rate_bpm"], r.events["move_sd_g"]).where(known)


def paced_windows(r: Recording) -> Windows:
    ends = np.arange(WINDOW_S + 5, r.seconds - 5 + 0.01, STRIDE_S)  # the first and last 5 s are not paced
    return Windows(ends, np.full(len(ends), r.facts["paced_rate_bpm"]), np.zeros(len(ends)))


def _breath_signal(r: Recording) -> tuple[F64, float]:
    return next(r.signals[n] for n in ("airflow_au", "belt_au", "belt_adc") if n in r.signals)


def waveform_windows(r: Recording) -> Windows:
    x, hz = _breath_signal(r)
    return agreeing(np.arange(WINDOW_S, len(x) / hz + 0.01, STRIDE_S), *extremes(x, hz))


Timed = list[tuple[str, F64]]


def human_breaths(r: Recording) -> Timed:
    return [("any", r.events["breaths_ann1_s"]), ("any", r.events["breaths_ann2_s"])]


def band_breaths(r: Recording) -> Timed:
    centres = r.events["ref_center_s"][np.isfinite(r.events["ref_rate_bpm"])]

    def referenced(events: F64) -> F64:
        return events[[len(centres) > 0 and np.abs(centres - e).min() <= 1.01 for e in events]] if len(events) else NONE

    return [("in", referenced(r.events["ref_end_exp_s"])), ("ex", referenced(r.events["ref_end_insp_s"]))]


def waveform_breaths(r: Recording) -> Timed:
    up, down = extremes(*_breath_signal(r))
    return [("in", down), ("ex", up)]


@dataclass(frozen=True)
class Given:
    """One signal that is handed over: its role, the names it may have in a file, its sign, whether it fails.

    `fails`: the middle third is replaced by white noise of the same size, as if the sensor had come off.
    """

    role: str
    names: tuple[str, ...]
    sign: float = 1.0
    fails: bool = False

    def of(self, r: Recording) -> tuple[F64, float] | None:
        name = next((n for n in self.names if n in r.signals), None)
        if name is None:
            return None
        x, hz = r.signals[name]
        if not self.fails:
            return self.sign * x, hz
        x, third = self.sign * x, len(x) // 3
        x[third : 2 * third] = x.mean() + x.std() * np.random.default_rng(1).standard_normal(third)
        return x, hz


@dataclass(frozen=True)
class Task:
    """Recordings (by file prefix), the signals handed over, the references, and which windows count."""

    prefixes: tuple[str, ...]
    given: tuple[Given, ...]
    windows: Callable[[Recording], Windows]
    guess_bpm: float
    breaths: Callable[[Recording], Timed] | None = None
    movement_g: tuple[float, float] = (-np.inf, np.inf)
    least_windows: int = 1
    by_recording: bool = False

    def signals(self, r: Recording) -> Signals | None:
        found = {g.role: g.of(r) for g in self.given}
        return None if any(x is None for x in found.values()) else found

    def windows_of(self, r: Recording) -> Windows:
        windows, (low, high) = self.windows(r), self.movement_g
        return windows.where((windows.movement_g >= low) & (windows.movement_g < high))

    def recordings(self) -> Iterator[Recording]:
        for path in sorted(p for prefix in self.prefixes for p in RECORDINGS.glob(f"{prefix}*.json")):
            yield read(path)


STILL_G, REST_G = 0.02, 0.05
REST, MOVING = (-np.inf, REST_G), (REST_G, np.inf)
IMPEDANCE, LEAD_II = Given("belt", ("resp_impedance_au",)), Given("ecg", ("ecg_II_au",))
BAND = Given("belt", ("rip_thorax_counts",), sign=-1.0)  # its counts fall on inhale
TRUNK, DRY_ECG = Given("chest_acc", ("acc_g",)), Given("ecg", ("ecg_mV",))
WAVE_ECG, BELT = Given("ecg", ("ecg_au", "ecg_mV")), Given("belt", ("belt_au", "belt_adc"))


def _bidmc(*given: Given, **more: object) -> Task:
    return Task(("bidmc_",), given, human_windows, 18, **more)


def _har(*given: Given, **more: object) -> Task:
    return Task(("har-",), given, band_windows, 26, least_windows=5, **more)


TASKS = {
    "bidmc_impedance": _bidmc(IMPEDANCE, breaths=human_breaths),
    "bidmc_ecg": _bidmc(LEAD_II),
    "har_rip_rest": _har(BAND, movement_g=REST, breaths=band_breaths),
    "har_rip_moving": _har(BAND, movement_g=MOVING),
    "har_acc_still": _har(TRUNK, movement_g=(-np.inf, STILL_G)),
    "har_acc_rest": _har(TRUNK, movement_g=REST),
    "har_acc_moving": _har(TRUNK, movement_g=MOVING),
    "har_ecg": _har(DRY_ECG),
    "paced_acc": Task(("paced-",), (TRUNK,), paced_windows, 12, least_windows=5, by_recording=True),
    "wave_ecg": Task(("physio-airflow", "neurokit_"), (WAVE_ECG,), waveform_windows, 15),
    "belts": Task(("neurokit_", "physio-belt", "biosppy_"), (BELT,), waveform_windows, 15, breaths=waveform_breaths),
}

# Several signals at once; the same windows as above. "fails": the best one is noise for a third of the time.
FUSED = {
    "bidmc imp+ecg": _bidmc(IMPEDANCE, LEAD_II),
    "bidmc imp fails": _bidmc(replace(IMPEDANCE, fails=True)),
    "  imp fails+ecg": _bidmc(replace(IMPEDANCE, fails=True), LEAD_II),
    "har rest all": _har(BAND, TRUNK, DRY_ECG, movement_g=REST),
    "har moving all": _har(BAND, TRUNK, DRY_ECG, movement_g=MOVING),
    "belt+ecg": Task(("neurokit_",), (BELT, WAVE_ECG), waveform_windows, 15),
}
