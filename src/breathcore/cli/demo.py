"""``breathcore demo``."""

import os
from dataclasses import replace
from enum import StrEnum
from itertools import count
from pathlib import Path

import typer

from breathcore.cli.display import has_display
from breathcore.cli.resonance import tell_resonance
from breathcore.cli.words import out, text, words, working
from breathcore.drill.screening import allowed_pattern
from breathcore.export.csv import write_csv
from breathcore.export.edf import write_edf
from breathcore.model.errors import ExchangeError, Reason
from breathcore.session import registry
from breathcore.session.exporting import export_data
from breathcore.session.plan import SessionPlan
from breathcore.session.recording import open_session
from breathcore.session.rig import all_round, shown
from breathcore.session.simulated import SimulatedRun, run_simulated, wearer_for, write_summary
from breathcore.source.sim.spec import Behaviour, WearerSpec
from breathcore.source.sim.trunk.draw import draw_trunk
from breathcore.source.sim.trunk.rig import rigged

DEVICE = "polar_h10"
FOLDER = Path("breathcore-demo")
SECONDS = 120.0


class Wearer(StrEnum):
    """What the simulated wearer does with the target."""

    FOLLOW = "follow"
    FREE = "free"
    ANTIPHASE = "antiphase"


def command(
    *,
    headless: bool = typer.Option(False, "--headless", help=text("cli.demo.headless")),
    seconds: float | None = typer.Option(None, min=10.0, max=3600.0, help=text("cli.demo.seconds")),
    speed: float = typer.Option(20.0, min=0.0, help=text("cli.demo.speed")),
    seed: int | None = typer.Option(None, min=0, help=text("cli.demo.seed")),
    drill: str = typer.Option("diaphragmatic", help=text("cli.demo.drill")),
    wearer: Wearer = typer.Option(Wearer.FOLLOW, help=text("cli.demo.wearer")),
    folder: Path | None = typer.Option(None, "--out", help=text("cli.demo.out")),
) -> None:
    """Run a guided session with a simulated strap."""
    person = replace(_who(seed, drill), behaviour=Behaviour(wearer.value))
    if headless or not has_display():
        if not headless:
            out.print(text("cli.demo.no-display"))
        _headless(seconds, speed or None, person, drill, free_folder(folder))
        return
    from breathcore.gui.program import demo_window

    raise typer.Exit(demo_window(person, drill))


def _who(seed: int | None, drill_id: str) -> WearerSpec:
    if seed is not None:
        return WearerSpec(seed=seed)
    return shown(trunk=all_round(registry.drill(drill_id)))


def free_folder(asked: Path | None) -> Path:
    """Return a folder with nothing in it (it may not exist yet): `asked`, or the first free one of the demo's own.

    Raises ExchangeError (FOLDER_NOT_EMPTY): a run of minutes must not end at a file that is in its way.
    """
    if asked is not None:
        if not _is_free(asked):
            raise ExchangeError(Reason.FOLDER_NOT_EMPTY, path=str(asked))
        return asked
    names = (FOLDER if n == 1 else FOLDER.with_name(f"{FOLDER.name}-{n}") for n in count(1))
    return next(folder for folder in names if _is_free(folder))


def _is_free(folder: Path) -> bool:
    return not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))


def _headless(seconds: float | None, speed: float | None, wearer: WearerSpec, drill_id: str, folder: Path) -> None:
    drill = registry.drill(drill_id)
    form = allowed_pattern(drill, ()) or ""
    if seconds is None and not drill.pattern(form).rates_bpm:
        seconds = SECONDS  # a sweep through rates takes its time
    wearer = wearer_for(drill, form, wearer)
    plan = SessionPlan(
        drill,
        pattern_id=form,
        minutes=None if seconds is None else seconds / 60.0,
        language=words().language,
        wearer="simulated",
        facts={"seed": wearer.seed, "behaviour": wearer.behaviour.value},
    )
    rig = all_round(drill)
    devices = rigged({d.id: d for d in registry.devices()}) if rig else registry.device(DEVICE)
    trunk = draw_trunk(wearer.seed) if rig else None
    with working(text("cli.demo.running")) as progress:
        run = run_simulated(
            plan, devices, wearer, folder / "session.breath", trunk=trunk, speed=speed, progress=progress
        )
    _write(run, folder)


def _write(run: SimulatedRun, folder: Path) -> None:
    session = open_session(run.path)
    facts = write_summary(run, folder / "summary.json", session)
    data = export_data(session)
    write_csv(data, folder, replace=False)
    write_edf(data, folder / "session.edf", replace=False)
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from breathcore.gui.picture import save_trainer

    save_trainer(run.frame, folder / "trainer.png", words().language)
    out.print(_sentence(facts))
    if run.result.resonance is not None:
        tell_resonance(run.result.resonance)
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
