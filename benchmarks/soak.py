"""Half an hour of six wearables in bad air, in virtual time: what was delivered, what was recorded, what went wrong.

    python benchmarks/soak.py [--minutes 30] [--seed 1]

Two Polar H10, two 100-Hz IMUs, a belt and a heart-rate strap, a fault every 10 s on average: out of reach (noticed
after 2-6 s), dropped, refused, taken, hanging, stalled then in a burst, notifications lost, doubled, cut, flipped or
late. Each notification that was delivered must be in the session file once and only once, the links' states legal, and
two of the six, which are left alone, without a gap. Exit code 1 where anything is wrong.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from bad_air import HEALTHY, Soaked, soak
from virtual_time import run_virtual


def report(soaked: Soaked) -> None:
    """Print one line a device."""
    print(f"{'device':<18}{'sent':>8}{'delivered':>11}{'recorded':>10}{'connects':>10}{'stalls':>8}")
    for device, wearable in soaked.wearables.items():
        kinds = [kind.value for kind in soaked.links[device]]
        print(
            f"{device:<18}{wearable.sent_n:>8}{len(wearable.delivered):>11}{len(soaked.packets[device]):>10}"
            f"{kinds.count('connected'):>10}{kinds.count('stalled'):>8}{'  left alone' if device in HEALTHY else ''}"
        )
    print("faults:", ", ".join(f"{name} {n}" for name, n in sorted(soaked.faults.items())))
    print("refused notifications:", len(soaked.refused))


def main() -> int:
    """Run and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    begun_s = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        soaked = run_virtual(soak(options.minutes, Path(folder) / "soak.breath", options.seed))
    report(soaked)
    print(f"{options.minutes:g} min in {time.perf_counter() - begun_s:.0f} s")
    for line in soaked.wrong():
        print("wrong:", line)
    return 1 if soaked.wrong() else 0


if __name__ == "__main__":
    sys.exit(main())
