"""``breathcore demo``."""

import os
from enum import StrEnum
from pathlib import Path

import typer
from rich.progress import Progress

from breathcore.cli.display import has_display
from breathcore.cli.words import err, out, text, words
from breathcore.drill.screening import allowed_pattern
from breathcore.export.csv import write_csv
from breathcore.export.edf import write_edf
from breathcore.session import registry
from breathcore.session.exporting import export_data
from breathcore.session.plan import SessionPlan
from breathcore.session.recording import open_session
from breathcore.session.simulated import SimulatedRun, run_simulated, write_summary
from breathcore.source.sim.spec import Behaviour, WearerSpec

DEVICE = "polar_h10"


class Wearer(StrEnum):
    """What the simulated wearer does with the target."""

    FOLLOW = "follow"
    FREE = "free"
    ANTIPHASE = "antiphase"


def command(
    *,
    headless: bool = typer.Option(False, "--headless", help=text("cli.demo.headless")),
    seconds: float = typer.Option(120.0, min=10.0, max=3600.0, help=text("cli.demo.seconds")),
    speed: float = typer.Option(20.0, min=0.0, help=text("cli.demo.speed")),
    seed: int = typer.Option(1, min=0, help=text("cli.demo.seed")),
    drill: str = typer.Option("diaphragmatic", help=text("cli.demo.drill")),
    wearer: Wearer = typer.Option(Wearer.FOLLOW, help=text("cli.demo.wearer")),
    folder: Path = typer.Option(Path("breathcore-demo"), "--out", help=text("cli.out")),
) -> None:
    """Run a guided session with a simulated strap."""
    if headless or not has_display():
        if not headless:
            out.print(text("cli.demo.no-display"))
        _headless(seconds, speed or None, WearerSpec(seed=seed, behaviour=Behaviour(wearer.value)), drill, folder)
        return
    from breathcore.gui.program import demo_window

    raise typer.Exit(demo_window(WearerSpec(seed=seed, behaviour=Behaviour(wearer.value)), drill))


def _headless(seconds: float, speed: float | None, wearer: WearerSpec, drill_id: str, folder: Path) -> None:
    drill = registry.drill(drill_id)
    plan = SessionPlan(
        drill,
        pattern_id=allowed_pattern(drill, ()) or "",
        minutes=seconds / 60.0,
        language=words().language,
        wearer="simulated",
        facts={"seed": wearer.seed, "behaviour": wearer.behaviour.value},
    )
    with Progress(console=err, transient=True) as progress:
        task = progress.add_task(text("cli.demo.running"), total=1.0)
        run = run_simulated(
            plan,
            registry.device(DEVICE),
            wearer,
            folder / "session.breath",
            speed=speed,
            progress=lambda done: progress.update(task, completed=done),
        )
    _write(run, folder)


def _write(run: SimulatedRun, folder: Path) -> None:
    facts = write_summary(run, folder / "summary.json")
    data = export_data(open_session(run.path))
    write_csv(data, folder, replace=False)
    write_edf(data, folder / "session.edf", replace=False)
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from breathcore.gui.picture import save_trainer

    save_trainer(run.frame, folder / "trainer.png", words().language)
    out.print(_sentence(facts))
    out.print(text("cli.demo.done", folder=str(folder)), markup=False)


def _sentence(facts: dict[str, object]) -> str:
    rate, breaths, score = facts["rate_bpm"], facts["breaths"], facts["score"]
    assert isinstance(rate, dict)
    assert isinstance(breaths, dict)
    return text(
        "cli.demo.result",
        measured=_shown(rate["measured"], 2),
        truth=_shown(rate["truth"], 2),
        found=breaths["found"],
        missed=breaths["missed"],
        extra=breaths["extra"],
        score=_shown(score, 0),
    )


def _shown(value: object, decimals: int) -> str:
    return words().number(value, decimals) if isinstance(value, float) else "—"
