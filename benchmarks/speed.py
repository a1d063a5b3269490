"""How fast a recorded hour of a Polar H10 (ECG 130 Hz, acceleration 200 Hz, RR) is analysed, and what it costs live.

    python benchmarks/speed.py [--minutes 60] [--runs 3] [--file FILE] [--no-peers]

A simulated strap's packets are recorded into a session file (not timed), or `--file` is taken. One thread; the least
CPU time of `--runs` is printed, as other work on the machine can only add to it. Then, in one process, imports left
out:

1. from arrays: `breathcore.analyse` of each signal alone and of all together (limit 2 s an hour);
2. the peers (group `bench`) on the same arrays at their own rates: neurokit2's breath of one axis of the acceleration,
   its beats of the ECG and the breath it derives from them; biosppy's breath and beats; ratios are peer over ours;
3. from the session file (limit 4 s an hour): packets read, decoded and put on the clock; estimates; and
   ``breathcore analyse FILE --json`` in a process of its own, its start included;
4. live: the same packets one by one through the session's signal chain (limit 3 % of a core for the estimators).
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import asyncio
import resource
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
from breathcore.estimate.chain import PersonEstimator
from breathcore.model.arrays import F64
from breathcore.model.blocks import SampleBlock
from breathcore.model.device import Role
from breathcore.model.packets import Advance, LinkEvent, Packet
from breathcore.record.items import SessionMeta
from breathcore.record.reader import SessionFile
from breathcore.record.writer import SessionWriter
from breathcore.session import registry
from breathcore.session.reception import Reception
from breathcore.session.recording import receive
from breathcore.session.signals import SignalChain
from breathcore.source.sim.source import SimSource
from breathcore.source.sim.spec import WearerSpec

ACC_HZ, ECG_HZ = 200.0, 130.0
ARRAYS_LIMIT_S, FILE_LIMIT_S, LIVE_LIMIT = 2.0, 4.0, 0.03


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
    """Return the least CPU time of `work`, s."""
    spent = []
    for _ in range(runs):
        start_s = time.process_time()
        work()
        spent.append(time.process_time() - start_s)
    return min(spent)


def command(path: Path, runs: int) -> float:
    """Return the least CPU time of the analysis as a person runs it."""
    spent = []
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        arguments = [sys.executable, "-m", "breathcore", "analyse", str(path), "--json"]
        subprocess.run(arguments, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(spent)


def arrays(path: Path) -> Mapping[str, tuple[F64, float]]:
    """Return the recording's samples by role, each stretch end to end."""
    session = breathcore.open_session(path)
    rr = session.samples(Role.RR)
    return {
        "chest_acc": (np.concatenate([b.x for b in session.samples(Role.CHEST_ACC)]), ACC_HZ),
        "ecg": (np.concatenate([b.x[:, 0] for b in session.samples(Role.ECG)]), ECG_HZ),
        "rr": (np.concatenate([np.column_stack((b.t_s, b.x)) for b in rr]), 0.0),
    }


def ours(signals: Mapping[str, tuple[F64, float]], runs: int) -> dict[str, float]:
    """Print and return our times: each signal alone, and all together."""
    spent = {role: timed(lambda role=role: breathcore.analyse({role: signals[role]}), runs) for role in signals}
    spent["all"] = timed(lambda: breathcore.analyse(signals), runs)
    print("from arrays, s of CPU")
    for role, spent_s in spent.items():
        print(f"  breathcore {role:<24}{spent_s:8.2f}")
    return spent


def peers(signals: Mapping[str, tuple[F64, float]]) -> dict[str, tuple[tuple[str, ...], Callable[[], object]]]:
    """Return name → (what of ours it compares with, work)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import biosppy.signals.ecg as biosppy_ecg
        import biosppy.signals.resp as biosppy_resp
        import neurokit2 as nk
    acc, ecg = signals["chest_acc"][0], signals["ecg"][0]
    z, hz = np.ascontiguousarray(acc[:, 2]), int(ECG_HZ)

    def breath_of_ecg() -> object:
        _, found = nk.ecg_peaks(nk.ecg_clean(ecg, sampling_rate=hz), sampling_rate=hz)
        rate = nk.ecg_rate(found["ECG_R_Peaks"], sampling_rate=hz, desired_length=len(ecg))
        return nk.rsp_process(nk.ecg_rsp(rate, sampling_rate=hz), sampling_rate=hz)

    return {
        "neurokit2 breath, one axis": (("chest_acc",), lambda: nk.rsp_process(z, sampling_rate=int(ACC_HZ))),
        "neurokit2 breath of the ECG": (("ecg",), breath_of_ecg),
        "neurokit2 ecg_process": (("ecg",), lambda: nk.ecg_process(ecg, sampling_rate=hz)),
        "biosppy breath, one axis": (("chest_acc",), lambda: biosppy_resp.resp(z, sampling_rate=ACC_HZ, show=False)),
        "biosppy beats": (("ecg",), lambda: biosppy_ecg.ecg(ecg, sampling_rate=ECG_HZ, show=False)),
    }


def compare(signals: Mapping[str, tuple[F64, float]], spent: Mapping[str, float]) -> None:
    """Print the peers' times and their ratios."""
    theirs: dict[str, float] = {}
    for name, (roles, work) in peers(signals).items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs[name] = timed(work, 1)
        print(f"  {name:<35}{theirs[name]:8.2f}   {theirs[name] / sum(spent[r] for r in roles):8.2f} times ours")
    both = theirs["neurokit2 breath, one axis"] + theirs["neurokit2 breath of the ECG"]
    print(f"  {'neurokit2, breath of both':<35}{both:8.2f}   {both / spent['all']:8.2f} times all of ours")


def from_file(path: Path, runs: int) -> float:
    """Print the times of the file's parts; return the time of all of them in one process."""
    with SessionFile.open(path) as file:
        packets_s = timed(lambda: receive(file), runs)
    whole_s = timed(lambda: breathcore.open_session(path).analyse(), runs)
    print("from the session file, s of CPU")
    print(f"  {'packets read, decoded, on the clock':<35}{packets_s:8.2f}")
    print(f"  {'open_session(FILE).analyse()':<35}{whole_s:8.2f}")
    print(f"  {'breathcore analyse FILE, a process':<35}{command(path, runs):8.2f}")
    return whole_s


def live(path: Path) -> float:
    """Print what the packets cost as they come; return the estimators' share of a core."""
    with SessionFile.open(path) as file:
        items = [item for item in file.inputs() if isinstance(item, Packet | LinkEvent | Advance)]
        devices, t0_ns, seconds = file.devices, file.meta.t0_host_ns, file.duration_s
    chain = SignalChain(devices, t0_ns)
    blocks: list[SampleBlock] = []

    def run() -> None:
        for item in items:
            now_s = (item.t_host_ns - t0_ns) * 1e-9
            if isinstance(item, Advance):
                list(chain.tick(now_s))
            else:
                blocks.extend(found for found in chain.push(item, now_s) if isinstance(found, SampleBlock))

    whole = timed(run, 1) / seconds
    person = PersonEstimator([c for _, spec in devices for c in spec.channels])
    share = timed(lambda: [person.push(block) for block in blocks], 1) / seconds
    print(f"live, {len(blocks) / seconds:.1f} blocks a second, % of a core")
    print(f"  {'estimators':<35}{100 * share:8.2f}\n  {'packets, clock, estimators, checks':<35}{100 * whole:8.2f}")
    return share


def main() -> int:
    """Run; 1 where something took longer than it may."""
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
        hours = len(signals["chest_acc"][0]) / ACC_HZ / 3600.0
        print(f"{60 * hours:.1f} min recorded, {path.stat().st_size / 1e6:.1f} MB")
        spent = ours(signals, options.runs)
        if not options.no_peers:
            compare(signals, spent)
        file_s, share = from_file(path, options.runs), live(path)
    late = spent["all"] > ARRAYS_LIMIT_S * hours or file_s > FILE_LIMIT_S * hours or share > LIVE_LIMIT
    limits = f"arrays {ARRAYS_LIMIT_S:g} s, file {FILE_LIMIT_S:g} s an hour, live {100 * LIVE_LIMIT:g} %"
    print(f"limits ({limits}): {'not kept' if late else 'kept'}")
    return int(late)


if __name__ == "__main__":
    raise SystemExit(main())
