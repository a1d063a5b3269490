"""The breathing rate from RR intervals alone: right, or silent.

    python benchmarks/heart.py

Recordings (BREATHCORE_RECORDINGS, else ../shared/data): beats found in the ECG of each intensive-care patient of BIDMC,
only their intervals handed on, against the mean of two annotators over 32 s. Then hearts that know of no breath (white,
1/f and random-walk intervals, SD 5–80 ms, 45–110/min), which are to be refused, and simulated ones that follow it.
"""

import json
import math
import os
import time
from pathlib import Path

import numpy as np

from breathcore import analyse

RECORDINGS = Path(os.environ.get("BREATHCORE_RECORDINGS", Path(__file__).resolve().parents[2] / "shared" / "data"))
WINDOW_S, STRIDE_S = 32.0, 2.0


def rates(t_s: np.ndarray, rr_s: np.ndarray) -> np.ndarray:
    """Return the rate of each second, NaN where refused."""
    return np.asarray(analyse({"rr": (np.column_stack((t_s, rr_s)), 0.0)}).rate_bpm)


def recorded() -> None:
    """Print, for each patient, share answered, mean error, and share of answers within 2/min."""
    rows = []
    for path in sorted(RECORDINGS.glob("bidmc_*.json")):
        meta, arrays = json.loads(path.read_text("utf-8")), np.load(path.with_suffix(".npz"))
        name = next(k for k in meta["signals"] if k.startswith("ecg"))
        ecg = arrays[name].astype(float)
        heart = analyse({"ecg": (ecg, float(meta["signals"][name]["fs_hz"]))})
        beats_s = heart.heart_t_s
        told = rates(beats_s[1:], np.diff(beats_s))
        ends_s = np.arange(WINDOW_S, min(len(told), 480), STRIDE_S)
        wanted = np.array([[counted(arrays[f"breaths_ann{n}_s"], end_s) for n in (1, 2)] for end_s in ends_s])
        agreed = np.abs(wanted[:, 0] - wanted[:, 1]) <= 2
        error = np.abs(told[ends_s[agreed].astype(int)] - wanted[agreed].mean(axis=1))
        given = error[np.isfinite(error)]
        rows.append((len(given) / len(error), given.mean() if len(given) else math.nan, (given <= 2).sum(), len(given)))
        if len(given):
            print(f"{path.stem}  answered {rows[-1][0]:4.2f}  MAE {given.mean():5.2f}  in2 {np.mean(given <= 2):4.2f}")
    if not rows:
        print(f"no recordings in {RECORDINGS}")
        return
    share, error, right, n = (np.array(column) for column in zip(*rows, strict=True))
    print(
        f"BIDMC, {len(rows)} patients: answered {share.mean():.2f}, MAE {np.nanmean(error):.2f} (mean of patients),",
        end=" ",
    )
    print(f"{right.sum() / n.sum():.3f} of all answers within 2/min")


def counted(breaths_s: np.ndarray, end_s: float) -> float:
    """Return the rate of the breaths in the window that ends at `end_s`."""
    inside = breaths_s[(breaths_s >= end_s - WINDOW_S) & (breaths_s < end_s)]
    return 60.0 * (len(inside) - 1) / (inside[-1] - inside[0]) if len(inside) > 2 else math.nan


def by_chance(rng: np.random.Generator, kind: str, span_s: float = 300.0) -> tuple[np.ndarray, np.ndarray]:
    """Return the beats of a heart that varies by chance alone."""
    hr_bpm, sd_s = rng.uniform(45, 110), math.exp(rng.uniform(math.log(0.005), math.log(0.08)))
    noise = rng.normal(size=int(span_s * hr_bpm / 45))
    if kind == "1/f":
        noise = np.fft.irfft(np.fft.rfft(noise) / np.sqrt(np.arange(len(noise) // 2 + 1).clip(1)), len(noise))
    elif kind == "walk":
        noise = np.cumsum(noise)
    rr_s = np.round(1024 * np.clip(60 / hr_bpm + sd_s * noise / noise.std(), 0.3, 2.0)) / 1024
    t_s = np.cumsum(rr_s)
    return t_s[t_s < span_s], rr_s[t_s < span_s]


def following(rng: np.random.Generator, hr_bpm: float, breaths_bpm: float) -> tuple[np.ndarray, np.ndarray]:
    """Return three minutes of beats that swing by 4/min with the breath, drift, and have a noise of their own."""
    t, drift, t_s, rr_s = 0.0, 0.0, [], []
    while t < 180.0:
        drift = 0.98 * drift + 0.2 * rng.normal()
        swing = 4.0 * math.sin(2 * math.pi * breaths_bpm / 60 * (t + 30 / hr_bpm))
        rr = round(1024 * 60.0 / (hr_bpm + drift + swing + 0.8 * rng.normal())) / 1024
        t += rr
        t_s.append(t)
        rr_s.append(rr)
    return np.array(t_s), np.array(rr_s)


def main() -> None:
    """Print it all."""
    recorded()
    rng = np.random.default_rng(0)
    for kind in ("white", "1/f", "walk"):
        shares = [np.isfinite(rates(*by_chance(rng, kind))).mean() for _ in range(30)]
        print(f"{kind}: refused {1 - np.mean(shares):.3f} of the time (worst of 30 hearts {1 - max(shares):.2f})")
    for hr_bpm in (50.0, 60.0, 72.0, 90.0, 120.0):
        row = []
        for breaths_bpm in (3.5, 6, 10, 15, 20, 25, 30, 35, 40, 45):
            told = rates(*following(rng, hr_bpm, breaths_bpm))[80:]
            wrong = np.mean(np.abs(told - breaths_bpm) > max(1.0, 0.05 * breaths_bpm))
            row.append(f"{breaths_bpm:g}: {np.isfinite(told).mean():.2f}" + (f" ({wrong:.2f} wrong)" if wrong else ""))
        print(f"heart {hr_bpm:g}/min, answered at a breathing rate of  " + "  ".join(row))
    t_s, rr_s = (np.concatenate(x) for x in zip(*[by_chance(rng, "1/f", 3600.0)], strict=True))
    began_s = time.process_time()
    rates(t_s, rr_s)
    print(f"one hour of intervals: {time.process_time() - began_s:.2f} s of CPU")


if __name__ == "__main__":
    main()
