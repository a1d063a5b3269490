"""What the live program costs and how soon it shows what the strap sent.

    python benchmarks/live.py [--seconds 60] [--sizes 1100x700 3840x2160]
    python benchmarks/live.py --soak-minutes 120 [--soak-speed 40]

The whole program runs as it does for a person, window included; one simulated Polar H10 sends its packets
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

from breathcore.feedback.frame import FeedbackFrame
from breathcore.gui.app import start
from breathcore.gui.program import Program
from breathcore.gui.services import SessionChoice
from breathcore.gui.trainer import TrainerPage
from breathcore.gui.window import MainWindow
from breathcore.model.drill import CommandKind, Stage, Timeline
from breathcore.model.packets import Advance, LinkEvent, Packet, Request
from breathcore.model.protocols import Source, SourceInfo
from breathcore.session import registry
from breathcore.session.bridge import Bridge
from breathcore.session.plan import SessionPlan
from breathcore.session.recording import open_session
from breathcore.source.sim.source import SimSource
from breathcore.source.sim.spec import WearerSpec

SIZES = ("1100x700", "3840x2160")
CPU_LIMIT = {"1100x700": 20.0, "3840x2160": 40.0}
LATENCY_LIMIT_MS, FRAMES_LIMIT_HZ, GROWTH_LIMIT_MB = 50.0, 29.0, 10.0
WARM_UP_S = 5.0
PATIENCE_S = 180.0
BEFORE_S, RETRY_S = 40.0, 5.0  # of quiet breathing before calibration; before a button is pressed again
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


class BenchProgram(Program):
    """The program, with the strap on the wall clock, or (`speed`) a simulated session in virtual time."""

    def __init__(self, folder: Path, speed: float | None) -> None:
        super().__init__(WearerSpec(seed=1), folder)
        self.speed = speed
        self.bridge = Bridge()

    def start(self, choice: SessionChoice) -> Bridge:
        self.bridge = super().start(choice)
        return self.bridge

    def _source(self, choice: SessionChoice) -> Source:
        simulated = SimSource(registry.device("polar_h10"), WearerSpec(seed=1))
        return simulated if self.speed is not None else RealTimeStrap(simulated)

    def _run(self, plan: SessionPlan, source: Source, path: Path | None, pace: float) -> Bridge:
        return super()._run(plan, source, path, pace if self.speed is None else self.speed)


class Stand:
    """The program with its window, and somebody who presses the buttons."""

    def __init__(self, folder: Path, size: str, minutes: float, speed: float | None) -> None:
        os.environ["XDG_CONFIG_HOME"] = str(folder)  # settings of the benchmark's own
        self.app = QApplication([])
        self.folder = folder
        self.program = BenchProgram(folder, speed)
        self.window = MainWindow(self.program, self.program.load_settings())
        self.window.resize(*map(int, size.split("x")))
        self.window.show()
        start(self.window, SessionChoice(drill_id=registry.drill("B1").id, minutes=minutes))
        self._asked_s = BEFORE_S

    @property
    def frame(self) -> FeedbackFrame | None:
        return self.program.bridge.latest

    @property
    def trainer(self) -> TrainerPage:
        assert isinstance(self.window.page, TrainerPage)
        return self.window.page

    def run(self, seconds: float) -> None:
        """Let the program run on the wall clock."""
        loop = QEventLoop()  # not the application's own: leaving that closes the windows
        QTimer.singleShot(round(1000 * seconds), loop.quit)
        loop.exec()
        if self.program.bridge.error is not None:
            raise self.program.bridge.error

    def begin(self) -> None:
        """Calibrate after a while of quiet breathing, start the drill, and wait until its trainer is painted."""
        end_s = time.monotonic() + PATIENCE_S
        while self.frame is None or self.frame.stage not in (Stage.GLIDE, Stage.RUNNING):
            if time.monotonic() > end_s:
                raise TimeoutError(f"the drill did not begin within {PATIENCE_S} s")
            if self.frame is not None:
                self._press(self.frame)
            self.run(0.05)
        self.run(WARM_UP_S)

    def close(self) -> Path:
        """End everything; return the session's file."""
        self.program.stop()
        self.run(1.0)  # the window hears of the end
        self.window.close()
        [path] = self.folder.glob("*.breath")
        return path

    def _press(self, frame: FeedbackFrame) -> None:
        if frame.t_s >= self._asked_s and frame.stage in (Stage.WAITING, Stage.READY):
            kind = CommandKind.CALIBRATE if frame.stage is Stage.WAITING else CommandKind.START
            self.program.bridge.command(kind)
            self._asked_s = frame.t_s + RETRY_S


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
        stand = Stand(Path(folder), size, seconds / 60.0 + 5.0, None)
        stand.begin()
        stand.trainer.view.frame_painted.connect(painted)
        frames_n, cpu_s, start_s = stand.trainer.painted, time.process_time(), time.monotonic()
        stand.run(seconds)
        wall_s = time.monotonic() - start_s
        cpu = 100.0 * (time.process_time() - cpu_s) / wall_s
        rate_hz = (stand.trainer.painted - frames_n) / wall_s
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
        stand = Stand(Path(folder), SIZES[0], minutes + 1.0, speed)
        stand.begin()
        early_mb, deepest, now_s = 0.0, 0, 0.0
        while stand.frame is not None and (now_s := stand.frame.t_s) < 60.0 * minutes:
            stand.run(0.5)
            deepest = max(deepest, stand.frame.recorder_depth)
            if not early_mb and now_s >= SOAK_FROM_S:
                early_mb = rss_mb()
        late_mb = rss_mb()
        session = open_session(stand.close())
        effects_n = stand.program.bridge.effects.qsize()
    whole = session.notice is None and session.duration_s >= now_s
    print(
        f"{minutes:g} min at {speed:g} times real time: {late_mb:.0f} MB, {late_mb - early_mb:+.1f} MB after minute 10 "
        f"(limit {GROWTH_LIMIT_MB:g}); recorder's queue at most {deepest}, everything written: {whole}, "
        f"effects left: {effects_n}"
    )
    return late_mb - early_mb <= GROWTH_LIMIT_MB and whole and effects_n == 0


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
