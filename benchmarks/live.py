"""What the live program costs and how soon it shows what the strap sent.

    python benchmarks/live.py [--seconds 60] [--sizes 1100x700 3840x2160]
    python benchmarks/live.py --soak-minutes 120 [--soak-speed 40]

Session, recorder, pipeline and trainer page run as they do for a person; one simulated Polar H10 sends its packets
in real time and they are stamped on arrival, as the radio does it (its simulation is part of the CPU figure). After
calibration and the start of the drill, for each window size in a process of its own:

- CPU: process time over wall time, in per cent of one core; frames painted, counted at the end of paint events;
- latency: `Packet.t_host_ns` to the end of the first paint event whose trace holds a sample of that packet.

`--soak-minutes` runs a session of that length in virtual time with the window painting, and prints how much memory it
gained after its tenth minute, and what was left in queues at the end.
"""

import argparse
import asyncio
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from breathcore.feedback.wording import Wording
from breathcore.gui import theme
from breathcore.gui.trainer import TrainerPage
from breathcore.model.drill import Stage, Timeline
from breathcore.model.packets import Advance, LinkEvent, Packet, Request
from breathcore.model.protocols import Source, SourceInfo
from breathcore.session import registry
from breathcore.session.bridge import Bridge
from breathcore.session.pilot import Pilot
from breathcore.session.plan import SessionPlan
from breathcore.session.runner import LiveSession, SessionThread
from breathcore.source.sim.source import SimSource
from breathcore.source.sim.spec import WearerSpec

SIZES = ("1100x700", "3840x2160")
CPU_LIMIT = {"1100x700": 20.0, "3840x2160": 40.0}
LATENCY_LIMIT_MS, FRAMES_LIMIT_HZ, GROWTH_LIMIT_MB = 50.0, 29.0, 10.0
WARM_UP_S = 5.0
PATIENCE_S = 180.0
SOAK_FROM_S = 600.0


class RealTimeStrap:
    """A simulated strap on the wall clock: each packet is let through when it is due, and stamped then."""

    def __init__(self, simulated: SimSource) -> None:
        self._simulated = simulated
        self._t0_ns = self._virtual_t0_ns = 0

    async def open(self) -> SourceInfo:
        info = await self._simulated.open()
        self._virtual_t0_ns, self._t0_ns = info.t0_host_ns, time.monotonic_ns()
        return replace(info, t0_host_ns=self._t0_ns, virtual_time=False)

    async def events(self) -> AsyncIterator[Packet | LinkEvent | Advance]:
        async for item in self._simulated.events():
            due_ns = self._t0_ns + item.t_host_ns - self._virtual_t0_ns
            await asyncio.sleep(max(0.0, (due_ns - time.monotonic_ns()) * 1e-9))
            if not isinstance(item, Advance):
                yield replace(item, t_host_ns=time.monotonic_ns())

    async def request(self, device: str, request: Request) -> None:
        await self._simulated.request(device, request)

    def show(self, timeline: Timeline) -> None:
        self._simulated.show(timeline)

    async def close(self) -> None:
        await self._simulated.close()


class Stand:
    """A session and the page that shows it."""

    def __init__(self, folder: Path, source: Source, minutes: float, pace: float | None) -> None:
        self.app = QApplication([])
        theme.apply(self.app, theme.LIGHT)
        plan = SessionPlan(registry.drill("B1"), minutes=minutes, wearer="simulated")
        self.bridge = Bridge()
        self.session = LiveSession(plan, source, folder / "live.breath", self.bridge, pace=pace, pilot=Pilot())
        self.thread = SessionThread(self.session, self.bridge)
        self.page = TrainerPage(Wording("en"))
        self.page.set_clock(lambda: self.bridge.now_s())
        self.page.ticked.connect(self._take)

    def show(self, size: str) -> None:
        width, height = map(int, size.split("x"))
        self.page.resize(width, height)
        self.page.show()
        self.thread.start()

    def run(self, seconds: float) -> None:
        """Let the program run on the wall clock."""
        loop = QEventLoop()  # not the application's own: leaving that closes the windows
        QTimer.singleShot(round(1000 * seconds), loop.quit)
        loop.exec()
        if self.bridge.error is not None:
            raise self.bridge.error

    def wait_for(self, stages: set[Stage]) -> None:
        end_s = time.monotonic() + PATIENCE_S
        while self.page.frame is None or self.page.frame.stage not in stages:
            if time.monotonic() > end_s:
                raise TimeoutError(
                    f"not {stages} after {PATIENCE_S} s, but {self.page.frame and self.page.frame.stage}"
                )
            self.run(0.2)

    def close(self) -> None:
        self.thread.stop()
        self.page.close()

    def _take(self) -> None:
        while not self.bridge.effects.empty():  # sounds have no part in this
            self.bridge.effects.get_nowait()
        frame = self.bridge.take()
        if frame is not None:
            self.page.show_frame(frame)


def measure(size: str, seconds: float) -> bool:
    """Measure one size; print, and return whether every limit was kept."""
    latencies_ms: list[float] = []
    newest_ns = 0

    def painted(newest_host_ns: int) -> None:
        nonlocal newest_ns
        if newest_host_ns > newest_ns:
            newest_ns = newest_host_ns
            latencies_ms.append((time.monotonic_ns() - newest_host_ns) * 1e-6)

    with tempfile.TemporaryDirectory() as folder:
        strap = RealTimeStrap(SimSource(registry.device("polar_h10"), WearerSpec(seed=1)))
        stand = Stand(Path(folder), strap, minutes=seconds / 60.0 + 5.0, pace=1.0)
        stand.show(size)
        stand.wait_for({Stage.GLIDE, Stage.RUNNING})
        stand.run(WARM_UP_S)
        stand.page.view.frame_painted.connect(painted)
        frames_n, cpu_s, wall_s = stand.page.painted, time.process_time(), time.monotonic()
        stand.run(seconds)
        wall_s = time.monotonic() - wall_s
        cpu = 100.0 * (time.process_time() - cpu_s) / wall_s
        rate_hz = (stand.page.painted - frames_n) / wall_s
        stand.close()
    p95_ms = statistics.quantiles(latencies_ms, n=20)[-1]
    print(
        f"{size:>10}  CPU {cpu:5.1f} % (limit {CPU_LIMIT.get(size, 100.0):g})   painted {rate_hz:5.1f}/s   "
        f"packet to painted: median {statistics.median(latencies_ms):5.1f} ms, 95 % {p95_ms:5.1f} ms, "
        f"most {max(latencies_ms):5.1f} ms, {len(latencies_ms)} packets"
    )
    return cpu <= CPU_LIMIT.get(size, 100.0) and p95_ms <= LATENCY_LIMIT_MS and rate_hz >= FRAMES_LIMIT_HZ


def rss_mb() -> float:
    """Return the memory held now, MB (Linux), or the most ever held elsewhere."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def soak(minutes: float, speed: float) -> bool:
    """Run a long session in virtual time; print the memory gained after its tenth minute."""
    with tempfile.TemporaryDirectory() as folder:
        source = SimSource(registry.device("polar_h10"), WearerSpec(seed=1))
        stand = Stand(Path(folder), source, minutes=minutes + 1.0, pace=speed)
        stand.show(SIZES[0])
        stand.wait_for({Stage.GLIDE, Stage.RUNNING})
        early_mb = None
        while stand.page.frame is not None and (now_s := stand.page.frame.t_s) < 60.0 * minutes:
            stand.run(1.0)
            if early_mb is None and now_s >= SOAK_FROM_S:
                early_mb = rss_mb()
        late_mb = rss_mb()
        stand.close()
        depth = stand.bridge.latest.recorder_depth if stand.bridge.latest is not None else -1
    grown_mb = late_mb - (early_mb if early_mb is not None else late_mb)
    print(
        f"{minutes:g} min at {speed:g} times real time: {late_mb:.0f} MB, {grown_mb:+.1f} MB after minute 10 "
        f"(limit {GROWTH_LIMIT_MB:g}); recorder's queue at the end {depth}"
    )
    return grown_mb <= GROWTH_LIMIT_MB and depth == 0


def main() -> int:
    """Run; 1 where a limit was not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--sizes", nargs="+", default=SIZES)
    parser.add_argument("--soak-minutes", type=float)
    parser.add_argument("--soak-speed", type=float, default=40.0)
    options = parser.parse_args()
    if options.soak_minutes is not None:
        return int(not soak(options.soak_minutes, options.soak_speed))
    if len(options.sizes) == 1:
        return int(not measure(options.sizes[0], options.seconds))
    return max(
        subprocess.run(
            [sys.executable, __file__, "--seconds", str(options.seconds), "--sizes", size], check=False
        ).returncode
        for size in options.sizes
    )


if __name__ == "__main__":
    raise SystemExit(main())
