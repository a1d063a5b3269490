"""Does the resonance finder find it? Sweeps by drawn wearers, whose true rate is known.

    python benchmarks/resonance.py --wearers 100 --seed 1 [--flat] [--rr-only] [--pattern quick]

Each wearer has an own rate of resonance (uniform in 4.5 to 6.5/min), resting rate, swing (5 to 15 beats/min at the
sweep's depth), noise of the heart and lag behind the pacer of their own, and goes through the whole sweep (drill B7).
Right is a rate no further than 0.5/min from the one of the sweep that is nearest to the truth. ``--flat`` draws hearts
that follow every rate alike: right is then that no rate, or only a tie, is told. ``--rr-only`` gives the finder no
breaths. Figures are of simulated hearts (`source.sim.heart` says what is left out of them), not of people.
"""

import argparse
import math
from collections import Counter

import numpy as np

from breathcore.drill.sweep import SweepFinder
from breathcore.drill.timeline import plan
from breathcore.model.estimates import Breath, HeartEstimate
from breathcore.model.resonance import ResonanceResult
from breathcore.session import registry
from breathcore.source.sim.spec import WearerSpec
from breathcore.source.sim.wearer import Wearer

START_S = 30.0
RR_UNIT_S = 1 / 1024


def drawn(seed: int, *, flat: bool = False) -> WearerSpec:
    """Return a wearer of the kind that `seed` draws."""
    rng = np.random.default_rng([seed, 7])
    return WearerSpec(
        seed=seed,
        own_rate_bpm=rng.uniform(9.0, 18.0),
        hr_bpm=rng.uniform(52.0, 85.0),
        rsa_bpm=rng.uniform(10.0, 30.0),
        hr_cv=rng.uniform(0.008, 0.02),
        reaction_lag_s=rng.uniform(0.1, 0.5),
        resonance_bpm=None if flat else rng.uniform(4.5, 6.5),
    )


def swept(spec: WearerSpec, pattern_id: str = "", *, breaths: bool = True) -> ResonanceResult:
    """Return what a whole sweep of `spec` comes to, from true breaths (or none) and intervals as straps count them."""
    drill = registry.drill("resonance")
    pattern = drill.pattern(pattern_id)
    timeline = plan(drill, pattern, spec.own_rate_bpm, START_S)
    wearer = Wearer(spec, timeline)
    beats_s = wearer.beats(0.0, timeline.end_s)
    finder = SweepFinder(pattern)
    for t_s, rr_s in zip(beats_s[1:], np.diff(beats_s), strict=True):
        finder.push(HeartEstimate(float(t_s), 60.0 / rr_s, round(rr_s / RR_UNIT_S) * RR_UNIT_S, 1.0, "rr"))
    for b in wearer.truth(timeline.end_s).breaths if breaths else ():
        finder.push(Breath(b.inhale_onset_s, b.exhale_onset_s, b.end_s, b.amplitude_deg, b.end_s, 1.0))
    return finder.result(timeline.phases)


def is_right(spec: WearerSpec, result: ResonanceResult) -> bool:
    """Whether `result` is what it should be for `spec`."""
    if spec.resonance_bpm is None:
        return math.isnan(result.best_bpm) or len(result.tied_bpm) > 1
    nearest = min((t.rate_bpm for t in result.trials), key=lambda r: abs(r - (spec.resonance_bpm or r)))
    return abs(result.best_bpm - nearest) <= 0.5 + 1e-9


def main() -> None:
    """Print how many were right."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wearers", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--flat", action="store_true")
    parser.add_argument("--rr-only", action="store_true")
    parser.add_argument("--pattern", default="")
    asked = parser.parse_args()
    right, off, told = 0, Counter[str](), 0
    for seed in range(asked.seed, asked.seed + asked.wearers):
        spec = drawn(seed, flat=asked.flat)
        result = swept(spec, asked.pattern, breaths=not asked.rr_only)
        right += is_right(spec, result)
        told += not math.isnan(result.best_bpm)
        if spec.resonance_bpm is not None:
            off[f"{result.best_bpm - spec.resonance_bpm:+.0f}"] += 1
        if not is_right(spec, result):
            wins = [len(w) for w in result.wins]
            print(
                f"seed {seed}: true {spec.resonance_bpm}, told {result.best_bpm}, tied {result.tied_bpm}, wins {wins}"
            )
    print(f"right: {right} of {asked.wearers} ({100 * right / asked.wearers:.0f} %); a rate told: {told}")
    print("error to the next whole breath a minute:", dict(sorted(off.items())))


if __name__ == "__main__":
    main()
