"""How the quality of a belt's breathing rate was weighed, and what it is worth on people left out.

    python benchmarks/fit_belt.py

The rate itself is not fitted: see `breathcore/estimate/belt_rate.py`. Its quality, the chance of an answer within
2/min, is a logistic function of seven signs with eight numbers, `belt_rate.WEIGHTS`. Here they are fitted on the
recorded belts and bands (every person weighs alike), on noise (white, 1/f, random walk) and on made breathing, slow and
fast, with holds and without; each recorded person is judged by numbers that were fitted without them. Takes a minute.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from breathcore.estimate.belt_rate import ANSWER_AT, BEGIN_AT, WEIGHTS, count_breaths
from breathcore.estimate.effort import BeltTrace, Look
from recordings import F64, RECORDINGS, TASKS

NEAR_BPM = 2.0
RECORDED = ("bidmc_impedance", "har_rip_rest", "har_rip_moving", "belts")
NOISES = {"white": 0.0, "pink": 0.5, "walk": 1.0}  # power of 1/f that the spectrum falls with
GROUP_WEIGHTS = {"pink": 0.5, "white": 0.5, "walk": 2.0}
NOISE_RATES_HZ, NOISE_SEEDS, NOISE_S, NOISE_EVERY_S = (10.0, 25.0, 100.0), 6, 300, 4
MADE_N, MADE_S = 160, 140
BOX, FOUR_SEVEN_EIGHT = (0.25, 0.25, 0.25, 0.25), (4 / 19, 7 / 19, 8 / 19, 0.0)


@dataclass
class Rows:
    """Looks that could be answered: group, person, signs (n, 8), error in breaths/min (noise: infinite)."""

    group: F64
    person: F64
    signs: F64
    error: F64
    looked_n: dict[str, int]


def looks(x: F64, hz: float, seconds: Iterable[int]) -> Iterator[tuple[int, Look]]:
    """Yield what the trace of `x` (n,) looks like at each of `seconds`."""
    trace, wanted = BeltTrace(hz), set(seconds)
    t_s, at = np.arange(len(x)) / hz, 0
    for second in range(int(t_s[-1]) + 1):
        end = int(t_s.searchsorted(second))
        if end > at:
            trace.push(t_s[at:end], x[at:end, None])
        at = max(at, end)
        look = trace.tick(np.nan)
        if second in wanted and look is not None:
            yield second, look


def noise(kind: str, hz: float, seed: int) -> F64:
    """Return `NOISE_S` seconds of noise."""
    x = np.random.default_rng(seed).standard_normal(round(NOISE_S * hz))
    if NOISES[kind] == 1.0:
        return np.cumsum(x)
    spectrum = np.fft.rfft(x)
    return np.fft.irfft(spectrum / np.maximum(np.arange(len(spectrum)), 1) ** NOISES[kind], len(x))


def breathing(seed: int) -> tuple[F64, float, float]:
    """Return made breathing (n,), its sampling rate and its rate; every fourth with holds."""
    rng = np.random.default_rng(seed)
    hz, uneven = float(rng.choice([10, 20, 25, 50, 100])), float(rng.choice([0.0, 0.05, 0.1]))
    rate, ratio = np.exp(rng.uniform(np.log(3.0), np.log(45.0))), np.exp(rng.uniform(np.log(0.25), np.log(2.0)))
    shape = (ratio / (1 + ratio), 0.0, 1 / (1 + ratio), 0.0)
    if seed % 4 == 3:
        shape, rate, uneven = (BOX, FOUR_SEVEN_EIGHT)[seed // 4 % 2], 3.5 * rng.uniform(0.9, 1.3), 0.03
    t_s, begin_s = np.arange(int(MADE_S * hz)) / hz, -1.0
    x = rng.uniform(0, 0.06) * rng.standard_normal(len(t_s)) + 0.3 * rng.uniform() * np.sin(t_s / rng.uniform(10, 30))
    while begin_s < MADE_S:
        cycle_s, depth = 60 / rate * np.exp(uneven * rng.standard_normal()), np.exp(uneven * rng.standard_normal())
        rise, hold, fall, _ = (cycle_s * part for part in shape)
        up = np.clip((t_s - begin_s) / rise, 0, 1) - np.clip((t_s - begin_s - rise - hold) / fall, 0, 1)
        x += depth * 0.5 * (1 - np.cos(np.pi * up)) * (up > 0)
        begin_s += cycle_s
    return x, hz, float(rate)


def gathered() -> Rows:
    rows: list[tuple[object, ...]] = []
    looked: dict[str, int] = {}

    def add(group: str, person: str, look: Look, rate_bpm: float) -> None:
        looked[group] = looked.get(group, 0) + 1
        count = count_breaths(look)
        if count is not None:
            error = np.inf if np.isnan(rate_bpm) else abs(count.rate_bpm - rate_bpm)
            rows.append((group, person, count.signs.numbers, error))

    for name in RECORDED:
        task = TASKS[name]
        for r in task.recordings():
            signals, windows = task.signals(r), task.windows_of(r)
            if signals is None:
                continue
            ((x, hz),) = signals.values()
            at = dict(zip(np.floor(windows.end_s + 1e-6).astype(int).tolist(), windows.rate_bpm, strict=True))
            for second, look in looks(x, hz, at):
                add(name, r.facts["subject"], look, at[second])
    for kind in NOISES:
        for hz in NOISE_RATES_HZ:
            for seed in range(NOISE_SEEDS):
                for _, look in looks(noise(kind, hz, seed), hz, range(40, NOISE_S, NOISE_EVERY_S)):
                    add(kind, f"{hz}-{seed}", look, np.nan)
    for seed in range(MADE_N):
        x, hz, rate_bpm = breathing(seed)
        for _, look in looks(x, hz, range(70, MADE_S, 10)):
            add("made holds" if seed % 4 == 3 else "made", str(seed), look, rate_bpm)
    group, person, signs, error = zip(*rows, strict=True)
    return Rows(np.array(group), np.array(person), np.array(signs), np.array(error), looked)


def fitted(rows: Rows, use: F64) -> F64:
    """Return the eight numbers of the logistic function that fits the rows of `use` best, a little regularised."""
    weight = np.zeros(len(use))
    for group in np.unique(rows.group):
        people = np.unique(rows.person[rows.group == group])
        for person in people:
            own = (rows.group == group) & (rows.person == person)
            weight[own] = 1000.0 * GROUP_WEIGHTS.get(group, 1.0) / (len(people) * own.sum())
    x, right, weight = rows.signs[use], rows.error[use] <= NEAR_BPM, weight[use]

    def loss(b: F64) -> tuple[float, F64]:
        z, free = x @ b, np.append(0.0, b[1:])
        slope = x.T @ (weight * (1.0 / (1.0 + np.exp(-z)) - right)) + 3.0 * free
        return float((weight * (np.logaddexp(0.0, z) - right * z)).sum() + 1.5 * free @ free), slope

    return minimize(loss, np.zeros(len(WEIGHTS)), jac=True, method="L-BFGS-B").x


def quality_by(rows: Rows, weights: F64) -> F64:
    return 1.0 / (1.0 + np.exp(-(rows.signs @ weights)))


def left_out(rows: Rows) -> F64:
    """Return each row's quality, of recorded people by numbers that were fitted without them."""
    quality = quality_by(rows, fitted(rows, np.ones(len(rows.error), bool)))
    for person in np.unique(rows.person[np.isin(rows.group, RECORDED)]):
        own = rows.person == person
        quality[own] = quality_by(rows, fitted(rows, ~own))[own]
    return quality


def line(rows: Rows, group: str, quality: F64, least: float) -> str:
    answered = (rows.group == group) & (quality >= least)
    cover = answered.sum() / rows.looked_n[group]
    if group in NOISES or not answered.any():
        return f"  {group:16} answered {cover:.3f}"
    errors = [rows.error[answered & (rows.person == p)].mean() for p in np.unique(rows.person[answered])]
    right = (rows.error[answered] <= NEAR_BPM).mean()
    return f"  {group:16} answered {cover:.3f}  MAE {np.mean(errors):5.2f}  in2 {right:.3f}"


def main() -> None:
    if not any(RECORDINGS.glob("bidmc_*.json")):
        print(f"No recordings in {RECORDINGS}. Set BREATHCORE_RECORDINGS to their folder.")
        return
    rows = gathered()
    print("fitted on all:", np.round(fitted(rows, np.ones(len(rows.error), bool)), 1).tolist())
    for title, quality in (("people left out", left_out(rows)), ("the product's", quality_by(rows, np.array(WEIGHTS)))):
        for least in (ANSWER_AT, BEGIN_AT, 0.7):
            print(f"{title}, quality ≥ {least:.2f}")
            for group in rows.looked_n:
                print(line(rows, group, quality, least))


if __name__ == "__main__":
    main()
