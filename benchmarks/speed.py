"""How fast a recorded hour of a Polar H10 (ECG 130 Hz, acceleration 200 Hz, RR) is analysed.

    python benchmarks/speed.py [--minutes 60] [--runs 3] [--file FILE] [--no-peers]

1. A simulated strap's packets are recorded into a session file (not timed), or `--file` is taken.
2. ``breathcore analyse FILE --json`` in a process of its own: wall clock, start of the process included.
3. `breathcore.analyse` and the peers (group `bench`) on the same arrays in this process, imports not counted:
   breath from the acceleration (peers get its z axis, as they take one waveform), beats from the ECG.

The median of `--runs` is printed; ratios are peer time over ours.
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

import breathcore
from breathcore.model.arrays import F64
from breathcore.model.device import Role
from breathcore.model.packets import Advance
from breathcore.record.items import SessionMeta
from breathcore.record.writer import SessionWriter
from breathcore.session import registry
from breathcore.session.reception import Reception
from breathcore.source.sim.source import SimSource
from breathcore.source.sim.spec import WearerSpec

ACC_HZ, ECG_HZ = 200.0, 130.0
LIMIT_S = 8.0


async def record(path: Path, seconds: float) -> None:
    """Record a freely breathing simulated wearer."""
    source = SimSource(registry.device("polar_h10"), WearerSpec(seed=1), until_s=seconds)
    info = await source.open()
    reception = Reception(info.devices, info.t0_host_ns)
    meta = SessionMeta(datetime.now(UTC), info.t0_host_ns, breathcore.__version__, source="sim")
    with SessionWriter(path, meta, info.devices) as writer:
        async for item in source.events():
            writer.put(item)
            if not isinstance(item, Advance):
                for outbound in reception.push(item).outbound:
                    await source.request(outbound.device, outbound.request)
    await source.close()


def timed(work: Callable[[], object], runs: int) -> float:
    """Return the median wall-clock time of `work`, s."""
    spent = []
    for _ in range(runs):
        start_s = time.perf_counter()
        work()
        spent.append(time.perf_counter() - start_s)
    return statistics.median(spent)


def command(path: Path) -> None:
    """Run the analysis as a person would."""
    subprocess.run(
        [sys.executable, "-m", "breathcore", "analyse", str(path), "--json"], check=True, capture_output=True
    )


def arrays(path: Path) -> Mapping[str, tuple[F64, float]]:
    """Return the recording's samples by role, each stretch end to end."""
    session = breathcore.open_session(path)
    stack = {role: [block.x for block in session.samples(role)] for role in (Role.CHEST_ACC, Role.ECG)}
    return {
        "chest_acc": (np.concatenate(stack[Role.CHEST_ACC]), ACC_HZ),
        "ecg": (np.concatenate(stack[Role.ECG])[:, 0], ECG_HZ),
    }


def peers(signals: Mapping[str, tuple[F64, float]]) -> dict[str, tuple[str, Callable[[], object]]]:
    """Return name → (what of ours it compares with, work)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import biosppy.signals.ecg as biosppy_ecg
        import biosppy.signals.resp as biosppy_resp
        import neurokit2
    acc, ecg = signals["chest_acc"][0], signals["ecg"][0]
    z = np.ascontiguousarray(acc[:, 2])
    return {
        "neurokit2 breath": ("chest_acc", lambda: neurokit2.rsp_process(z, sampling_rate=int(ACC_HZ))),
        "biosppy breath": ("chest_acc", lambda: biosppy_resp.resp(z, sampling_rate=ACC_HZ, show=False)),
        "neurokit2 beats": ("ecg", lambda: neurokit2.ecg_process(ecg, sampling_rate=int(ECG_HZ))),
        "biosppy beats": ("ecg", lambda: biosppy_ecg.ecg(ecg, sampling_rate=ECG_HZ, show=False)),
    }


def compare(signals: Mapping[str, tuple[F64, float]], runs: int) -> None:
    """Print our times and the peers', and their ratios."""
    ours = {role: timed(lambda role=role: breathcore.analyse({role: signals[role]}), runs) for role in signals}
    for role, spent_s in ours.items():
        print(f"breathcore.analyse {role:<10} {spent_s:8.2f} s")
    for name, (role, work) in peers(signals).items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            spent_s = timed(work, runs)
        print(f"{name:<29} {spent_s:8.2f} s   {spent_s / ours[role]:7.2f} times ours")


def main() -> int:
    """Run; 1 where the command took longer than it may for an hour."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.file or Path(folder) / "hour.breath"
        if options.file is None:
            asyncio.run(record(path, 60.0 * options.minutes))
        signals = arrays(path)
        minutes = len(signals["chest_acc"][0]) / ACC_HZ / 60.0
        print(f"{minutes:.1f} min recorded, {path.stat().st_size / 1e6:.1f} MB")
        spent_s = timed(lambda: command(path), options.runs)
        print(
            f"breathcore analyse FILE       {spent_s:8.2f} s   (limit {LIMIT_S:g} s an hour, start of process included)"
        )
        if not options.no_peers:
            compare(signals, options.runs)
    return int(spent_s > LIMIT_S * max(minutes / 60.0, 1.0))


if __name__ == "__main__":
    raise SystemExit(main())
