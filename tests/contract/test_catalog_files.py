"""Every built-in device and drill file, one by one."""

import re
from itertools import combinations
from pathlib import Path

import pytest

from breathcore.catalog.load import load_device_text, load_drill_text
from breathcore.catalog.match import claims
from breathcore.decode.registry import LAYOUTS
from breathcore.drill.timeline import plan
from breathcore.model.drill import DrillPhase, DrillSpec, Texts

ROOT = Path(__file__).parents[2]
DEVICES = sorted((ROOT / "devices").glob("*.toml"))
DRILLS = sorted((ROOT / "protocols/drills").glob("*.toml"))
LANGUAGES = {"en", "de"}


def _texts(spec: DrillSpec) -> list[Texts]:
    cues = [phase.cue for pattern in spec.patterns for phase in pattern.phases]
    caution = [spec.safety.caution] if spec.safety.caution else []
    return [spec.title, spec.purpose, spec.position, *(p.title for p in spec.patterns), *cues, *caution]


@pytest.mark.parametrize("file", DEVICES, ids=lambda f: f.stem)
def test_device_file(file: Path) -> None:
    spec = load_device_text(file.read_text(encoding="utf-8"), str(file), codecs=LAYOUTS)
    assert spec.evidence, "say where the numbers come from"


@pytest.mark.parametrize("file", DRILLS, ids=lambda f: f.stem)
def test_drill_file(file: Path) -> None:
    spec = load_drill_text(file.read_text(encoding="utf-8"), str(file))
    for texts in _texts(spec):
        assert set(texts) == LANGUAGES
    for pattern in spec.patterns:
        timeline = plan(spec, pattern, 15.0, 0.0)
        assert all(0.0 <= level <= 1.0 for p in timeline.phases for level in (p.level_from, p.level_to))


@pytest.mark.parametrize("file", DRILLS, ids=lambda f: f.stem)
def test_a_drill_with_holds_has_an_avoid_list_and_a_form_without(file: Path) -> None:
    spec = load_drill_text(file.read_text(encoding="utf-8"), str(file))
    if any(p.has_hold for p in spec.patterns):
        assert {"cardiac", "hypertension", "pregnancy"} <= set(spec.safety.avoid_if)
        form = spec.pattern(spec.safety.instead)
        assert form.id == spec.safety.instead
        assert {p.kind for p in form.phases} == {DrillPhase.INHALE, DrillPhase.EXHALE}


def test_templates_are_valid_files() -> None:
    drill = ROOT / "protocols/drills/_template.toml.example"
    text = drill.read_text(encoding="utf-8")
    assert load_drill_text(text, "my_drill.toml").id == "my_drill"


def test_the_walk_through_shows_the_file_that_is_built_in() -> None:
    page = (ROOT / "docs/how-to-add-a-device.md").read_text(encoding="utf-8")
    lines = (ROOT / "devices/diy_imu.toml").read_text(encoding="utf-8").splitlines()
    shown = [line for block in re.findall(r"```toml\n(.*?)```", page, re.DOTALL) for line in block.splitlines()]
    assert len(shown) > 40
    assert [line for line in shown if line and line not in lines] == []
    [sketch] = re.findall(r"```cpp\n(.*?)```", page, re.DOTALL)
    assert re.findall(r'= "(.{36})"', sketch) == [line[-37:-1] for line in lines if "uuid = " in line]


def test_there_is_something_to_test() -> None:
    assert {f.stem for f in DEVICES} >= {"polar_h10", "heart_rate_strap"}
    assert {f.stem for f in DRILLS} >= {"diaphragmatic", "box", "brace_hold"}


def test_no_two_profiles_claim_the_same_advertisement() -> None:
    specs = [load_device_text(f.read_text(encoding="utf-8"), str(f)) for f in DEVICES]
    assert [(a.id, b.id) for a, b in combinations(specs, 2) if claims(a, b)] == []
