"""How right breathing rates are on recorded people, beside the peers, by fixed rules.

    python benchmarks/accuracy.py [--method product neurokit2 …] [--task bidmc_impedance …] [--json OUT]

Recordings lie in $BREATHCORE_RECORDINGS (default: ../shared/data beside the checkout). Rules:

- A reference window is 32 s long; windows start every 2 s. The value judged is the newest at or before the window's
  end; one older than 5 s, or none, is a refusal. So a causal estimator is judged causally; the peers (group `bench`)
  and `fft` look at the whole recording at once, which is an advantage.
- MAE is the mean over people of each person's mean error in answered windows, so it stands beside the share answered
  (`cover`). penMAE lets a refused window cost what a constant guess would: silence is neither free nor ruinous.
- F1: breath starts (in) and exhale starts (ex) within ± 0.5 s of the reference, one to one.

Speed is CPU seconds per hour of signal at the recording's own rate.
"""

import argparse
import json
import os
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from scipy import signal

import breathcore

F64 = np.ndarray
WINDOW_S, STRIDE_S, OLDEST_S, NEAR_S = 32.0, 2.0, 5.0, 0.5
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


@dataclass(frozen=True)
class Found:
    """What a method says of a recording."""

    t_s: F64
    rate_bpm: F64
    inhale_s: F64 = field(default_factory=lambda: NONE)
    exhale_s: F64 = field(default_factory=lambda: NONE)


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
class Task:
    """Recordings (by file prefix), the signal handed over (role, names, sign), and the references."""

    prefixes: tuple[str, ...]
    role: str
    names: tuple[str, ...]
    windows: Callable[[Recording], Windows]
    guess_bpm: float
    sign: float = 1.0
    breaths: Callable[[Recording], Timed] | None = None
    movement_g: tuple[float, float] = (-np.inf, np.inf)
    least_windows: int = 1
    by_recording: bool = False

    def given(self, r: Recording) -> tuple[F64, float] | None:
        return next(((self.sign * r.signals[n][0], r.signals[n][1]) for n in self.names if n in r.signals), None)


STILL_G, REST_G = 0.02, 0.05
HAR = {"prefixes": ("har-",), "windows": band_windows, "guess_bpm": 26, "least_windows": 5}
RIP = {**HAR, "role": "belt", "names": ("rip_thorax_counts",), "sign": -1.0}  # its counts fall on inhale
ACC = {**HAR, "role": "chest_acc", "names": ("acc_g",)}
BIDMC = {"prefixes": ("bidmc_",), "windows": human_windows, "guess_bpm": 18}
WAVES = {"windows": waveform_windows, "guess_bpm": 15}
TASKS = {
    "bidmc_impedance": Task(**BIDMC, role="belt", names=("resp_impedance_au",), breaths=human_breaths),
    "bidmc_ecg": Task(**BIDMC, role="ecg", names=("ecg_II_au",)),
    "har_rip_rest": Task(**RIP, movement_g=(-np.inf, REST_G), breaths=band_breaths),
    "har_rip_moving": Task(**RIP, movement_g=(REST_G, np.inf)),
    "har_acc_still": Task(**ACC, movement_g=(-np.inf, STILL_G)),
    "har_acc_rest": Task(**ACC, movement_g=(-np.inf, REST_G)),
    "har_acc_moving": Task(**ACC, movement_g=(REST_G, np.inf)),
    "har_ecg": Task(**HAR, role="ecg", names=("ecg_mV",)),
    "paced_acc": Task(("paced-",), "chest_acc", ("acc_g",), paced_windows, 12, least_windows=5, by_recording=True),
    "wave_ecg": Task(("physio-airflow", "neurokit_"), "ecg", ("ecg_au", "ecg_mV"), **WAVES),
    "belts": Task(
        ("neurokit_", "physio-belt", "biosppy_"), "belt", ("belt_au", "belt_adc"), **WAVES, breaths=waveform_breaths
    ),
}


# ── methods ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def product(role: str, x: F64, hz: float) -> Found:
    a = breathcore.analyse({role: (x, hz)})
    return Found(
        a.rate_t_s,
        a.rate_bpm,
        np.array([b.inhale_onset_s for b in a.breaths]),
        np.array([b.exhale_onset_s for b in a.breaths if np.isfinite(b.exhale_onset_s)]),
    )


def constant(guess_bpm: float, seconds: float) -> Found:
    t = np.arange(0.0, seconds, STRIDE_S)
    return Found(t, np.full(len(t), float(guess_bpm)))


def main_axis(acc: F64, hz: float) -> tuple[F64, float]:
    """Return the whole recording's principal component at 0.1–0.8 Hz, at about 20 Hz (for peers)."""
    step = max(1, int(hz // 20))
    slow = signal.sosfiltfilt(signal.butter(4, 6.0, fs=hz, output="sos"), acc, axis=0)[::step]
    slow = signal.sosfiltfilt(signal.butter(2, [0.1, 0.8], "band", fs=hz / step, output="sos"), slow, axis=0)
    return slow @ np.linalg.eigh(np.cov(slow.T))[1][:, -1], hz / step


def trailing(events: F64, seconds: float) -> tuple[F64, F64]:
    t = np.arange(8.0, seconds + 0.01, STRIDE_S)
    return t, np.array([rate_of(events, s + 1e-6) for s in t])


def neurokit2(role: str, x: F64, hz: float) -> Found:
    import neurokit2 as nk

    seconds = len(x) / hz
    try:
        if role == "chest_acc":
            x, hz = main_axis(x, hz)
        elif role == "ecg":
            _, beats = nk.ecg_peaks(nk.ecg_clean(x, sampling_rate=int(hz)), sampling_rate=int(hz))
            heart = nk.ecg_rate(beats["ECG_R_Peaks"], sampling_rate=int(hz), desired_length=len(x))
            x = np.asarray(nk.ecg_rsp(heart, sampling_rate=int(hz), method="vangent2019"))
        _, info = nk.rsp_process(x, sampling_rate=int(hz))
        peaks, troughs = (np.asarray(info[k], float) / hz for k in ("RSP_Peaks", "RSP_Troughs"))
    except Exception:  # noise makes it fail: counted as silence
        peaks = troughs = NONE
    peaks, troughs = peaks[np.isfinite(peaks)], troughs[np.isfinite(troughs)]
    return Found(*trailing(peaks, seconds), troughs, peaks)


def biosppy(role: str, x: F64, hz: float) -> Found:
    from biosppy.signals import resp

    seconds, crossings = len(x) / hz, NONE
    if role == "chest_acc":
        x, hz = main_axis(x, hz)
    if role != "ecg":  # it derives no breathing from the ECG
        try:
            crossings = np.asarray(resp.resp(signal=x, sampling_rate=hz, show=False)["zeros"])[::2] / hz
        except Exception:  # noise makes it fail: counted as silence
            crossings = NONE
    return Found(*trailing(crossings, seconds), crossings, NONE)


def fft(role: str, x: F64, hz: float) -> Found:
    """Take the largest peak at 0.08–0.8 Hz of the last 32 s; of the ECG, in the RR intervals."""
    seconds = len(x) / hz
    if role == "chest_acc":
        y, y_hz = main_axis(x, hz)
    elif role == "ecg":
        y, y_hz = _rr_wave(x, hz), 4.0
    else:
        step = max(1, int(hz // 10))
        y, y_hz = signal.sosfiltfilt(signal.butter(4, 2.0, fs=hz, output="sos"), x)[::step], hz / step
    ends, size = np.arange(WINDOW_S, seconds + 0.01, STRIDE_S), 16384
    f = np.fft.rfftfreq(size, 1 / y_hz)
    inside = (f >= 0.08) & (f <= 0.8)
    out = []
    for end in ends:
        part = y[max(0, int(end * y_hz) - int(WINDOW_S * y_hz)) : int(end * y_hz)]
        power = np.abs(np.fft.rfft(signal.detrend(part) * np.hanning(len(part)), size))
        out.append(60 * f[inside][np.argmax(power[inside])])
    return Found(ends, np.array(out))


def _rr_wave(x: F64, hz: float) -> F64:
    band = signal.butter(2, [8, min(20, 0.45 * hz)], "band", fs=hz, output="sos")
    width = int(0.1 * hz)
    energy = np.convolve(signal.sosfiltfilt(band, x) ** 2, np.ones(width) / width, "same")
    beats = signal.find_peaks(energy, height=0.3 * np.percentile(energy, 95), distance=int(0.33 * hz))[0]
    grid = np.arange(int(len(x) / hz * 4.0)) / 4.0
    return np.interp(grid, beats[1:] / hz, np.diff(beats) / hz) if len(beats) > 5 else np.zeros(len(grid))


METHODS = {"product": product, "neurokit2": neurokit2, "biosppy": biosppy, "fft": fft}


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def latest(found: Found, ends: F64) -> F64:
    """Return the newest rate at or before each end, NaN if it is older than 5 s."""
    if not len(found.t_s):
        return np.full(len(ends), np.nan)
    at = np.searchsorted(found.t_s, ends + 1e-6, side="right") - 1
    fresh = (at >= 0) & (ends - found.t_s[np.maximum(at, 0)] <= OLDEST_S)
    return np.where(fresh, found.rate_bpm[np.maximum(at, 0)], np.nan)


def f1(found: F64, reference: F64, *, own_habit: bool) -> float:
    """F1 within ± 0.5 s; `own_habit`: first take off one constant offset (where in a breath an annotator clicks)."""
    if not len(reference):
        return np.nan
    if not len(found):
        return 0.0
    found, reference = np.sort(found), np.sort(reference)
    if own_habit:
        found = found + _habit(found, reference)
    hits = i = j = 0
    while i < len(found) and j < len(reference):
        late = found[i] - reference[j]
        hits += abs(late) <= NEAR_S
        i, j = i + (late <= NEAR_S), j + (late >= -NEAR_S)
    return 2 * hits / (len(found) + len(reference))


def _habit(found: F64, reference: F64) -> float:
    best, hits = 0.0, -1
    for offset in np.arange(-1.5, 1.51, 0.1):
        gap = reference[:, None] - (found + offset)
        near = np.abs(gap).min(axis=1) < NEAR_S
        if near.sum() > hits:
            rest = np.median(gap[near, np.abs(gap[near]).argmin(axis=1)]) if near.any() else 0.0
            best, hits = offset + rest, int(near.sum())
    return best


def timing(found: Found, references: Timed) -> dict[str, float]:
    scores: dict[str, list[float]] = {"in": [], "ex": []}
    for kind, reference in references:
        for name, events in (("in", found.inhale_s), ("ex", found.exhale_s)):
            if kind not in ("any", name) or not len(events):
                continue
            if kind != "any" and len(reference):
                events = events[[np.abs(reference - e).min() < 4 for e in events]]
            scores[name].append(f1(events, reference, own_habit=kind == "any"))
    return {k: float(np.nanmean(v)) if v else np.nan for k, v in scores.items()}


@dataclass(frozen=True)
class Score:
    """One row of the table."""

    method: str
    task: str
    people: int
    windows: int
    cover: float
    mae: float
    in2: float
    good: float
    pen_mae: float
    f1_in: float
    f1_ex: float
    cpu_s_per_hour: float


@dataclass
class Sheet:
    """What was found in all windows of a task."""

    person: list[str] = field(default_factory=list)
    reference: list[float] = field(default_factory=list)
    estimate: list[float] = field(default_factory=list)
    timing: list[dict[str, float]] = field(default_factory=list)
    cpu_s: float = 0.0
    signal_s: float = 0.0

    def score(self, method: str, name: str, task: Task) -> Score | None:
        person, ref, est = np.array(self.person), np.array(self.reference), np.array(self.estimate)
        enough = [p for p in np.unique(person) if (person == p).sum() >= task.least_windows]
        keep = np.isin(person, enough)
        person, ref, est = person[keep], ref[keep], est[keep]
        if not len(person):
            return None
        answered, error = np.isfinite(est), np.abs(est - ref)
        paid = np.where(answered, error, np.abs(ref - task.guess_bpm))
        near = answered & (error <= 2)

        def by_person(values: F64, rows: F64) -> float:
            each = [values[rows & (person == p)].mean() for p in np.unique(person[rows])]
            return float(np.mean(each)) if each else np.nan

        def mean_f1(kind: str) -> float:
            known = [t[kind] for t in self.timing if np.isfinite(t[kind])]
            return float(np.mean(known)) if known else np.nan

        return Score(
            method,
            name,
            len(np.unique(person)),
            len(person),
            float(answered.mean()),
            by_person(error, answered),
            float(near.sum() / answered.sum()) if answered.any() else np.nan,
            float(near.mean()),
            by_person(paid, np.ones(len(person), bool)),
            mean_f1("in"),
            mean_f1("ex"),
            3600 * self.cpu_s / self.signal_s,
        )


def recordings(task: Task) -> Iterator[Recording]:
    for prefix in task.prefixes:
        for path in sorted(RECORDINGS.glob(f"{prefix}*.json")):
            yield read(path)


Cache = dict[tuple[str, str, str], tuple[Found, float]]


def judge(method: str, name: str, cache: Cache) -> Score | None:
    task, sheet = TASKS[name], Sheet()
    for r in recordings(task):
        given = task.given(r)
        if given is None:
            continue
        windows = task.windows(r)
        low, high = task.movement_g
        windows = windows.where((windows.movement_g >= low) & (windows.movement_g < high))
        found, cpu_s = timed(method, task, r, given, cache)
        sheet.cpu_s += cpu_s
        sheet.signal_s += len(given[0]) / given[1]
        person = r.facts["id"] if task.by_recording else r.facts["subject"]
        sheet.person += [person] * len(windows.end_s)
        sheet.reference += windows.rate_bpm.tolist()
        sheet.estimate += latest(found, windows.end_s).tolist()
        if task.breaths is not None and method != "constant":
            sheet.timing.append(timing(found, task.breaths(r)))
    return sheet.score(method, name, task) if sheet.person else None


def timed(method: str, task: Task, r: Recording, given: tuple[F64, float], cache: Cache) -> tuple[Found, float]:
    if method == "constant":
        return constant(task.guess_bpm, len(given[0]) / given[1]), 0.0
    key = (method, r.name, task.role)
    if key not in cache:
        start = time.process_time()
        found = METHODS[method](task.role, *given)
        cache[key] = found, time.process_time() - start
    return cache[key]


HEAD = f"{'task':17}{'method':11}{'people':>6}{'win':>6}{'cover':>7}{'MAE':>7}{'in2':>6}{'good':>6}{'penMAE':>8}"


def line(s: Score) -> str:
    row = f"{s.task:17}{s.method:11}{s.people:6d}{s.windows:6d}{s.cover:7.2f}{s.mae:7.2f}{s.in2:6.2f}{s.good:6.2f}"
    return f"{row}{s.pen_mae:8.2f}{s.f1_in:7.2f}{s.f1_ex:7.2f}{s.cpu_s_per_hour:8.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    methods = [*METHODS, "constant"]
    parser.add_argument("--method", nargs="*", choices=methods, default=methods)
    parser.add_argument("--task", nargs="*", choices=list(TASKS), default=list(TASKS))
    parser.add_argument("--json", type=Path, help="write the rows here as well")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    if not RECORDINGS.is_dir():
        parser.exit(1, f"No recordings in {RECORDINGS}. Set BREATHCORE_RECORDINGS to their folder.\n")
    print(f"{HEAD}{'F1 in':>7}{'F1 ex':>7}{'s/h':>8}")
    rows, cache = [], Cache()
    for name in chosen.task:
        for method in chosen.method:
            score = judge(method, name, cache)
            if score is not None:
                rows.append(asdict(score))
                print(line(score), flush=True)
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
