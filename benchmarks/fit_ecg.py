"""How the quality of ECG-derived breathing was weighed, and what it is worth on patients left out.

    python benchmarks/fit_ecg.py

The breathing rate itself is not fitted: see `breathcore/estimate/edr.py` and `edr_belief.py`. Its quality, the chance
of an answer within 2/min, is a logistic function of two signs with three numbers, `edr_belief.WEIGHTS`. Here they
are fitted on the BIDMC patients, the people in the shirt (dry electrodes: mostly noise) and made ECGs without a breath
in them; each person is judged by numbers that were fitted without them. The tables show those beside the product's own,
which were rounded by hand so that the young people, who are not fitted, are answered too. Takes half a minute.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from breathcore.estimate.edr import BeatSways
from breathcore.estimate.edr_belief import EVERY_S, WEIGHTS, BreathBelief
from breathcore.estimate.qrs import BeatFinder
from recordings import F64, RECORDINGS, TASKS, Windows

NEAR_BPM = 2.0
MADE_N, MADE_S, MADE_HZ = 24, 300.0, 130.0
GROUP_WEIGHTS = {"bidmc_ecg": 1.0, "har_ecg": 0.5, "no breath": 0.3, "wave_ecg": 0.0}
WAVES = ((-0.17, 0.022, 0.11), (-0.028, 0.009, -0.1), (0.0, 0.011, 1.0), (0.03, 0.011, -0.22), (0.25, 0.045, 0.3))


@dataclass
class Rows:
    """Reference windows that could be answered: group, person, signs (n, 2) and a 1, reference and answer."""

    group: F64
    person: F64
    signs: F64
    reference: F64
    answer: F64

    @property
    def error(self) -> F64:
        return np.abs(self.answer - self.reference)


def judged(x: F64, hz: float, windows: Windows) -> list[tuple[float, ...]]:
    """Return two signs, a 1, reference and answer (NaN: not usable) of each window."""
    finder, sways, belief = BeatFinder(hz), BeatSways(), BreathBelief()
    t_s, told = np.arange(len(x)) / hz, []
    for second in np.arange(0, len(x) / hz, EVERY_S):
        part = slice(*np.searchsorted(t_s, [second - EVERY_S, second]))
        for beat in finder.push(t_s[part], x[part, None]):
            sways.push(beat)
        belief.push(sways.look(second))
        told.append((*belief.signs, 1.0, belief.rate_bpm if belief.usable else np.nan))
    at = np.minimum((windows.end_s // EVERY_S).astype(int), len(told) - 1)
    return [(*told[k][:3], rate, told[k][3]) for k, rate in zip(at, windows.rate_bpm, strict=True)]


def breathless(seed: int) -> F64:
    """Return an ECG (n,) whose beats vary, whose baseline wanders and whose electrodes are noisy, with no breath."""
    rng = np.random.default_rng(seed)
    shape = np.fft.rfft(rng.standard_normal(600)) / np.maximum(np.arange(301), 1) ** (0.5 * (seed % 3))
    own = np.fft.irfft(shape)
    beats = np.cumsum(60.0 / rng.uniform(50, 110) * (1.0 + (0.02, 0.04)[seed % 2] * own / own.std()))
    t_s = np.arange(int(MADE_S * MADE_HZ)) / MADE_HZ
    x = (0.005, 0.015, 0.05)[seed // 2 % 3] * rng.standard_normal(len(t_s))
    x += (0.0, 0.02, 0.1)[seed // 3 % 3] * np.cumsum(rng.standard_normal(len(t_s))) / np.sqrt(MADE_HZ)
    for beat in beats[(beats > 1) & (beats < MADE_S - 1)]:
        part = slice(*np.searchsorted(t_s, [beat - 0.4, beat + 0.6]))
        x[part] += sum(h * np.exp(-0.5 * ((t_s[part] - beat - c) / w) ** 2) for c, w, h in WAVES)
    return x


def gathered() -> Rows:
    rows: list[tuple[object, ...]] = []
    for name in ("bidmc_ecg", "wave_ecg", "har_ecg"):
        task = TASKS[name]
        for r in task.recordings():
            ((x, hz),) = (task.signals(r) or {"": (np.empty(0), 0.0)}).values()
            rows += [(name, r.facts["subject"], *row) for row in judged(x, hz, task.windows_of(r))]
    ends = np.arange(32.0, MADE_S, 4.0)
    for seed in range(MADE_N):
        nowhere = Windows(ends, np.full(len(ends), -99.0), np.zeros(len(ends)))
        rows += [("no breath", f"made {seed}", *row) for row in judged(breathless(seed), MADE_HZ, nowhere)]
    columns = list(zip(*rows, strict=True))
    numbers = np.array(columns[2:], float)
    return Rows(np.array(columns[0]), np.array(columns[1]), numbers[:3].T, numbers[3], numbers[4])


def fitted(rows: Rows, use: F64) -> F64:
    """Return the three numbers of the logistic function that fits the rows of `use` best, a little regularised."""
    weight = np.array([GROUP_WEIGHTS[g] for g in rows.group[use]])
    x, right = rows.signs[use], rows.error[use] <= NEAR_BPM

    def loss(b: F64) -> tuple[float, F64]:
        z = x @ b
        slope = x.T @ (weight * (1.0 / (1.0 + np.exp(-z)) - right)) / weight.sum()
        free = np.append(b[:2], 0.0)
        return float((weight * (np.logaddexp(0.0, z) - right * z)).sum() / weight.sum() + 1e-3 * free @ free), (
            slope + 2e-3 * free
        )

    return minimize(loss, np.zeros(3), jac=True, method="L-BFGS-B").x


def left_out(rows: Rows) -> F64:
    """Return each row's quality by numbers that were fitted without its person."""
    usable = np.isfinite(rows.answer)
    odds = np.full(len(usable), -np.inf)
    for person in np.unique(rows.person):
        own = (rows.person == person) & usable
        odds[own] = rows.signs[own] @ fitted(rows, usable & (rows.person != person))
    return 1.0 / (1.0 + np.exp(-odds))


def line(rows: Rows, group: str, quality: F64, least: float) -> str:
    own = rows.group == group
    answered = own & (quality >= least)
    people = [p for p in np.unique(rows.person[own]) if (answered & (rows.person == p)).any()]
    mae = np.mean([rows.error[answered & (rows.person == p)].mean() for p in people]) if people else np.nan
    right = (rows.error[answered] <= NEAR_BPM).mean() if people else np.nan
    return (
        f"  {group:10} quality ≥ {least:.2f}  cover {answered.sum() / own.sum():.3f}  MAE {mae:6.2f}  in2 {right:.3f}"
    )


def calibration(rows: Rows, group: str, quality: F64) -> str:
    parts = []
    for low in np.arange(0.5, 1.0, 0.1):
        inside = (rows.group == group) & (quality >= low) & (quality < low + 0.1)
        if inside.sum() > 20:
            parts.append(f"{low:.1f}–{low + 0.1:.1f}: {(rows.error[inside] <= NEAR_BPM).mean():.2f} ({inside.sum()})")
    return f"  right by quality, {group}: " + "  ".join(parts)


def main() -> None:
    if not any(RECORDINGS.glob("bidmc_*.json")):
        print(f"No recordings in {RECORDINGS}. Set BREATHCORE_RECORDINGS to their folder.")
        return
    rows = gathered()
    usable = np.isfinite(rows.answer)
    product = np.where(usable, 1.0 / (1.0 + np.exp(-(np.nan_to_num(rows.signs) @ np.array(WEIGHTS)))), 0.0)
    print("fitted on all:", np.round(fitted(rows, usable), 2), " product:", WEIGHTS)
    for title, quality in (("fitted, person left out", left_out(rows)), ("product", product)):
        print(title)
        for group in GROUP_WEIGHTS:
            for least in (0.5, 0.7, 0.9):
                print(line(rows, group, quality, least))
        print(calibration(rows, "bidmc_ecg", quality))


if __name__ == "__main__":
    main()
