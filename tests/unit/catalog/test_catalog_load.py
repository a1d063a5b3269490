"""Catalogue files: what is refused, under which key; layering; schemas."""

from pathlib import Path

import pytest

from breathcore.catalog.load import (
    device_schema,
    drill_schema,
    load_device_text,
    load_devices,
    load_drill_text,
    load_drills,
)
from breathcore.catalog.locate import DRILLS, builtin_folder
from breathcore.decode.registry import LAYOUTS
from breathcore.model.device import CharacteristicUse, ClockKind, Layout, Role
from breathcore.model.drill import DrillPhase
from breathcore.model.errors import CatalogError, Reason

DEVICE = """
id = "strap"
name = "A strap"
placement = "chest"
clock = "sample_stamp"
time_to_first_data_s = 3
evidence = ["Measured on the device."]

[match]
name_prefixes = ["Strap"]

[[endpoints]]
id = "pmd"
codec = "codec_a"
service_uuid = "180d"

[[endpoints.characteristics]]
name = "data"
uuid = "2a37"
uses = ["notify"]

[[endpoints.channels]]
id = "acc"
role = "chest_acc"
unit = "g"
axes = ["x", "y", "z"]
rate_hz = 200.0
settings = { sample_rate = 200 }
inhale_axis = [0.0, 0.0, 1.0]
"""

DRILL = """
id = "slow"
title = { en = "Slow", de = "Langsam" }
purpose = { en = "Calm." }
position = { en = "Sit." }
paced = true
glide = true
band = 0.15
depth_band = [0.4, 0.9]
measures = ["breath"]

[cues.inhale]
en = "In"

[[patterns]]
id = "own"
title = { en = "Own" }

[[patterns.phases]]
kind = "inhale"
seconds = 4

[[patterns.phases]]
kind = "exhale"
seconds = 6.0
cue = { en = "Out" }

[dose]
minutes = 5

[safety]
"""


CODECS = {"codec_a": Layout(frozenset({"data"}), frozenset({Role.CHEST_ACC}))}


def drill(old: str = "", new: str = "") -> str:
    assert old in DRILL
    return DRILL.replace(old, new, 1)


def device(old: str = "", new: str = "") -> str:
    assert old in DEVICE
    return DEVICE.replace(old, new, 1)


def test_a_drill_file_becomes_frozen_model() -> None:
    spec = load_drill_text(DRILL, "slow.toml")
    assert spec.pattern().rate_bpm == 6.0
    assert [p.kind for p in spec.pattern().phases] == [DrillPhase.INHALE, DrillPhase.EXHALE]
    assert [p.cue["en"] for p in spec.pattern().phases] == ["In", "Out"]
    assert spec.dose.minutes == 5.0
    assert spec.dose.sets == 1
    with pytest.raises(TypeError):
        spec.title["en"] = "Other"  # type: ignore[index]  # the point: the mapping is read-only


def test_a_device_file_becomes_frozen_model() -> None:
    spec = load_device_text(DEVICE, "strap.toml", codecs=CODECS)
    assert spec.roles == {Role.CHEST_ACC}
    assert spec.clock is ClockKind.SAMPLE_STAMP
    assert spec.endpoints[0].characteristics[0].uses == (CharacteristicUse.NOTIFY,)
    assert dict(spec.channels[0].settings) == {"sample_rate": 200}


@pytest.mark.parametrize(
    ("text", "key", "problem"),
    [
        pytest.param(drill("glide =", "glyde ="), "glyde", "unknown key", id="misspelt-key"),
        pytest.param(drill("glide = true\n", ""), "glide", "missing", id="missing-key"),
        pytest.param(drill("glide = true", "glide = 1"), "glide", "boolean", id="number-for-boolean"),
        pytest.param(drill("seconds = 4\n", 'seconds = "4"\n'), "patterns.0.phases.0.seconds", "number", id="text"),
        pytest.param(drill("6.0", "-6.0"), "patterns.0.phases.1.seconds", "-6.0", id="out-of-bounds"),
        pytest.param(drill("6.0", "nan"), "patterns.0.phases.1.seconds", "finite", id="nan"),
        pytest.param(drill('"exhale"', '"exahle"'), "patterns.0.phases.1.kind", "exahle", id="unknown-phase"),
        pytest.param(drill('"exhale"', '"effort"'), "patterns.0.phases.1.kind", "paced", id="effort-in-breath"),
        pytest.param(drill('"inhale"\nseconds', '"exhale"\nseconds'), "patterns.0.phases.0.kind", "begins", id="order"),
        pytest.param(drill("[cues.inhale]", "[cues.rest]"), "patterns.0.phases.0.cue", "cues.inhale", id="no-cue"),
        pytest.param(drill('en = "In"', 'fr = "In"'), "cues.inhale.en", "missing", id="no-english"),
        pytest.param(drill("Calm.", ""), "purpose.en", "empty", id="blank"),
        pytest.param(drill("minutes = 5", "minutes = 5\ncycles = 3"), "dose.minutes", "either", id="two-doses"),
        pytest.param(drill("minutes = 5", "sets = 2\nminutes = 5"), "dose.rest_s", "rest", id="sets-without-rest"),
        pytest.param(drill("[0.4, 0.9]", "[0.9, 0.4]"), "depth_band", "rise", id="band-falls"),
        pytest.param(drill("[safety]", '[safety]\ninstead = "no"'), "safety.instead", "no pattern", id="no-such-form"),
        pytest.param(drill("[dose]", "[dose"), "line 28", "line 28", id="toml-syntax"),
        pytest.param(drill('"slow"', '"fast"'), "id", "called", id="id-is-not-file-name"),
        pytest.param(drill("minutes = 5", "minutes = 1979-05-27"), "dose.minutes", "number", id="date"),
    ],
)  # fmt: skip
def test_a_wrong_drill_file_is_refused_by_key(text: str, key: str, problem: str) -> None:
    with pytest.raises(CatalogError) as caught:
        load_drill_text(text, "some/slow.toml")
    assert caught.value.reason is Reason.FILE_INVALID
    assert caught.value.params["file"] == "some/slow.toml"
    assert caught.value.params["key"] == key
    assert problem in str(caught.value.params["problem"])


@pytest.mark.parametrize(
    ("text", "key", "problem"),
    [
        pytest.param(device("codec_a", "codec_z"), "endpoints.0.codec", "codec_z", id="unknown-codec"),
        pytest.param(device('"data"', '"stream"'), "endpoints.0.characteristics", "data", id="codec-lacks-it"),
        pytest.param(device('"chest_acc"', '"acc"'), "endpoints.0.channels.0.role", "chest_acc", id="codec-no-role"),
        pytest.param(device('"2a37"', '"2A37"'), "endpoints.0.characteristics.0.uuid", "pattern", id="upper-case-uuid"),
        pytest.param(device('"chest_acc"', '"nose"'), "endpoints.0.channels.0.role", "nose", id="unknown-role"),
        pytest.param(device('["x", "y", "z"]', '["x"]'), "endpoints.0.channels.0.axes", "chest_acc", id="axes"),
        pytest.param(device('["x", "y", "z"]', '["x", "z", "z"]'), "endpoints.0.channels.0.axes", "twice", id="twice"),
        pytest.param(device('"g"', '"mg"'), "endpoints.0.channels.0.unit", "'mg' is no unit", id="wrong-unit"),
        pytest.param(
            device("200.0\n", "200.0\nlimits = [8.0, -8.0]\n"), "endpoints.0.channels.0.limits", "rise", id="limits"
        ),
        pytest.param(
            device("200.0\n", "200.0\nexpected_interval_s = 0.001\n"),
            "endpoints.0.channels.0.expected_interval_s", "0.005 s (is 0.001)", id="interval",
        ),
        pytest.param(device("200.0\n", "1e5\n"), "endpoints.0.channels.0.rate_hz", "10000", id="rate-too-high"),
        pytest.param(device('evidence = ["Measured on the device."]\n', ""), "evidence", "missing", id="no-evidence"),
        pytest.param(device('["Measured on the device."]', "[]"), "evidence", "empty", id="evidence-empty"),
        pytest.param(device('"chest"', '"nose"'), "placement", "chest", id="unknown-placement"),
        pytest.param(device('"pmd"', '"pmd"\ntable = {}'), "endpoints.0.table.head_bytes", "missing", id="no-layout"),
        pytest.param(device("0.0, 1.0]", "0.0, 0.0]"), "endpoints.0.channels.0.inhale_axis", "direction", id="null"),
        pytest.param(device('name_prefixes = ["Strap"]', ""), "match.name_prefixes", "give", id="no-match"),
        pytest.param(device("rate_hz = 200.0", "rate_hz = -1.0"), "endpoints.0.channels.0.rate_hz", "-1", id="rate"),
        pytest.param(
            device() + '[[endpoints.channels]]\nid = "acc"\nrole = "ecg"\nunit = "uV"\naxes = ["v"]\nrate_hz = 130\n',
            "endpoints", "'acc' is there twice", id="channel-twice",
        ),
    ],
)  # fmt: skip
def test_a_wrong_device_file_is_refused_by_key(text: str, key: str, problem: str) -> None:
    with pytest.raises(CatalogError) as caught:
        load_device_text(text, "strap.toml", codecs=CODECS)
    assert caught.value.reason is Reason.FILE_INVALID
    assert caught.value.params["key"] == key
    assert problem in str(caught.value.params["problem"])


def test_a_timed_drill_takes_efforts_only() -> None:
    timed = drill("paced = true\nglide = true", "paced = false\nglide = false")
    with pytest.raises(CatalogError, match=r"patterns\.0\.phases\.0\.kind"):
        load_drill_text(timed, "slow.toml")


def test_the_form_offered_instead_may_not_hold_the_breath() -> None:
    text = drill("[safety]", '[safety]\ninstead = "own"').replace(
        '[[patterns.phases]]\nkind = "exhale"',
        '[[patterns.phases]]\nkind = "hold"\nseconds = 4\ncue = { en = "Hold" }\n[[patterns.phases]]\nkind = "exhale"',
    )
    with pytest.raises(CatalogError, match="holds the breath"):
        load_drill_text(text, "slow.toml")


def test_own_folders_come_after_the_builtin_ones(tmp_path: Path) -> None:
    (tmp_path / "slow.toml").write_text(DRILL, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not a drill", encoding="utf-8")
    loaded = load_drills(folders=[tmp_path, tmp_path / "does-not-exist"])
    assert loaded[-1].id == "slow"
    assert loaded[:-1] == load_drills()


def test_the_same_id_twice_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "box.toml").write_text(DRILL.replace('"slow"', '"box"'), encoding="utf-8")
    with pytest.raises(CatalogError) as caught:
        load_drills(folders=[tmp_path])
    assert caught.value.reason is Reason.DUPLICATE_ID
    assert caught.value.params["id"] == "box"
    assert caught.value.params["file"] == str(tmp_path / "box.toml")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "slow.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CatalogError, match="UTF-8"):
        load_drills(folders=[tmp_path])


def test_a_wrong_file_of_ones_own_is_left_out_and_told(tmp_path: Path) -> None:
    (tmp_path / "box.toml").write_text(DRILL.replace('"slow"', '"box"'), encoding="utf-8")
    (tmp_path / "slow.toml").write_text(DRILL, encoding="utf-8")
    (tmp_path / "text.toml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "folder.toml").mkdir()
    told: list[CatalogError] = []
    assert load_drills(folders=[tmp_path], refused=told.append)[-1].id == "slow"
    assert [e.reason for e in told] == [Reason.DUPLICATE_ID, Reason.FILE_UNREADABLE, Reason.FILE_INVALID]


def test_two_files_that_claim_one_advertisement_are_refused(tmp_path: Path) -> None:
    own = DEVICE.replace('["Strap"]', '["Polar H10"]')
    (tmp_path / "strap.toml").write_text(own, encoding="utf-8")
    with pytest.raises(CatalogError, match="polar_h10") as caught:
        load_devices(codecs={**LAYOUTS, **CODECS}, folders=[tmp_path])
    assert caught.value.params["file"] == str(tmp_path / "strap.toml")
    assert caught.value.params["key"] == "match"


def test_own_devices_are_checked_against_the_codecs_there_are(tmp_path: Path) -> None:
    (tmp_path / "strap.toml").write_text(DEVICE, encoding="utf-8")
    assert load_devices(codecs={**LAYOUTS, **CODECS}, folders=[tmp_path])[-1].id == "strap"
    with pytest.raises(CatalogError, match=r"endpoints\.0\.codec"):
        load_devices(codecs=LAYOUTS, folders=[tmp_path])


def test_editors_get_a_schema_that_forbids_unknown_keys() -> None:
    for schema in (device_schema(), drill_schema()):
        assert schema["additionalProperties"] is False
        assert {"id", "name", "title"} & set(schema["required"])


def test_a_package_without_its_catalogue_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("breathcore.catalog.locate._CHECKOUT", tmp_path)
    with pytest.raises(CatalogError) as caught:
        builtin_folder(DRILLS)
    assert caught.value.reason is Reason.CATALOG_NOT_FOUND
