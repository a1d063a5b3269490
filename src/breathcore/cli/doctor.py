"""``breathcore doctor``: is everything there that a session needs, and what to do where it is not."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

import typer

from breathcore.cli.display import has_display
from breathcore.cli.radio import RadioText, radio_named
from breathcore.cli.words import out, text, words
from breathcore.model.errors import BreathcoreError, RadioError, Reason
from breathcore.model.message import Message, message
from breathcore.session import health, registry
from breathcore.session.health import Finding, Level
from breathcore.source.ble import Found, scan_for
from breathcore.source.ble_radio import SYSTEM_RADIO, Radio

SCAN_S = 3.0
RADIO_LIMIT_S = SCAN_S + 12.0
PROBE_LIMIT_S = 30.0  # of a child process: a cold start of Qt from a slow disk
COMMAND_LIMIT_S = 3.0
_ADVISED = {Reason.NO_ADAPTER, Reason.ADAPTER_OFF, Reason.NO_PERMISSION, Reason.NO_BLUETOOTH_SERVICE}
_MARKS = {Level.GOOD: "✓", Level.NOTE: "!", Level.BAD: "✗"}
_PLAIN_MARKS = {Level.GOOD: "+", Level.NOTE: "!", Level.BAD: "x"}
_INDENT = " " * 11


def command(radio: RadioText = "") -> None:
    """Look at Bluetooth, screen, sound, folders and files, and say what to do about each."""
    findings: list[Finding] = []
    for probe in _probes(radio):
        for finding in _tried(probe):
            findings.append(finding)
            _tell(finding)
    bad = sum(finding.level is Level.BAD for finding in findings)
    out.print()
    out.print(text("doctor.some-bad", count=bad) if bad else text("doctor.all-good"))
    raise typer.Exit(1 if bad else 0)


Probe = Callable[[], tuple[Finding, ...]]


def _probes(radio: str) -> tuple[Probe, ...]:
    return (
        lambda: bluetooth(radio_named(radio)),
        display,
        sound,
        health.folders,
        health.own_files,
        health.versions,
    )


def _tried(probe: Probe) -> tuple[Finding, ...]:
    """Return what `probe` finds; one that fails is a finding, too, and ends nothing."""
    try:
        return probe()
    except BreathcoreError as error:
        return (Finding("broken", Level.BAD, error.message),)
    except Exception as error:  # of any type: this is the command for when things are broken
        problem = f"{type(error).__name__}: {error}"
        return (Finding("broken", Level.BAD, message("doctor.broken.said", problem=problem)),)


def _tell(finding: Finding) -> None:
    marks = _MARKS if _can_say("".join(_MARKS.values())) else _PLAIN_MARKS
    word = text(f"doctor.level.{finding.level}")
    title = text(f"doctor.{finding.id}")
    out.print(f"{marks[finding.level]} {word:<9}{title}: {words().say(finding.said)}", markup=False)
    if finding.advice is not None:
        out.print(_INDENT + words().say(finding.advice), markup=False)


def _can_say(letters: str) -> bool:
    try:
        letters.encode(out.encoding)
    except UnicodeEncodeError:
        return False
    return True


def bluetooth(radio: Radio) -> tuple[Finding, ...]:
    """Return whether the radio can be used, and who is heard in three seconds."""
    try:
        found = asyncio.run(_scan(radio))
    except RadioError as error:
        advice = message(f"doctor.bluetooth.{error.reason}") if error.reason in _ADVISED else None
        return (*_service(radio), Finding("bluetooth", Level.BAD, error.message, advice))
    except TimeoutError:
        silent = message("doctor.bluetooth.silent", seconds=RADIO_LIMIT_S)
        advice = message("doctor.bluetooth.no-bluetooth-service")
        return (*_service(radio), Finding("bluetooth", Level.BAD, silent, advice))
    known = sorted(device.profile.name for device in found if device.profile is not None)
    good = Finding("bluetooth", Level.GOOD, message("doctor.bluetooth.good"))
    if not known:
        none = message("doctor.wearables.none", heard=len(found))
        return good, *_service(radio), Finding("wearables", Level.NOTE, none, message("doctor.wearables.advice"))
    said = message("doctor.wearables.found", heard=len(found), known=len(known), names=", ".join(known))
    return good, *_service(radio), Finding("wearables", Level.GOOD, said)


async def _scan(radio: Radio) -> tuple[Found, ...]:
    async with asyncio.timeout(RADIO_LIMIT_S):
        return await scan_for(SCAN_S, registry.devices(), radio=radio)


def _service(radio: Radio) -> tuple[Finding, ...]:
    """Return the version of the Bluetooth service where it can be read: on Linux, of the computer's own radio."""
    if radio is not SYSTEM_RADIO or sys.platform != "linux":
        return ()
    try:
        answer = subprocess.run(["bluetoothctl", "--version"], capture_output=True, text=True, timeout=COMMAND_LIMIT_S)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    version = answer.stdout.strip().rpartition(" ")[2]
    return (Finding("service", Level.GOOD, message("doctor.service.said", version=version)),) if version else ()


def display() -> tuple[Finding, ...]:
    """Return whether a window can be opened, or at least a picture drawn where there is no screen."""
    screen = has_display()
    seen = _child("display", {} if screen else {"QT_QPA_PLATFORM": "offscreen"})
    if isinstance(seen, str):
        return (Finding("display", Level.BAD, message("doctor.display.bad", problem=seen), _about_libraries()),)
    findings = [_screen(seen, screen=screen)]
    if not seen["fonts"]:
        letters = message("doctor.display.no-letters")
        findings.append(Finding("display", Level.BAD, letters, message("doctor.display.letters")))
    return tuple(findings)


def _screen(seen: Mapping[str, Any], *, screen: bool) -> Finding:
    if screen:
        return Finding("display", Level.GOOD, message("doctor.display.good", platform=str(seen["platform"])))
    return Finding("display", Level.NOTE, message("doctor.display.none"), message("doctor.display.desktop"))


def _about_libraries() -> Message:
    return message("doctor.display.libraries" if sys.platform == "linux" else "doctor.versions.install")


def sound() -> tuple[Finding, ...]:
    """Return whether a sound device opens; drills can be done by sight alone."""
    heard = _child("sound", {})
    if isinstance(heard, str):
        return (Finding("sound", Level.NOTE, message("doctor.sound.bad", problem=heard), message("doctor.sound.plug")),)
    if not heard["opens"]:
        return (Finding("sound", Level.NOTE, message("doctor.sound.none"), message("doctor.sound.plug")),)
    return (Finding("sound", Level.GOOD, message("doctor.sound.good", system=str(heard["system"]))),)


def _child(probe: str, environment: Mapping[str, str]) -> dict[str, Any] | str:
    """Return what a probe of `breathcore.gui.probe` finds in a process of its own, or the words it died with."""
    command_ = [sys.executable, "-P", "-m", "breathcore.gui.probe", probe]  # -P: no module of the folder it is run in
    try:
        done = subprocess.run(
            command_,
            capture_output=True,
            text=True,
            timeout=PROBE_LIMIT_S,
            env={**os.environ, **environment},
        )
    except subprocess.TimeoutExpired:
        return text("doctor.too-long", seconds=PROBE_LIMIT_S)
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        return lines[-1] if lines else text("doctor.died", code=done.returncode)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer
