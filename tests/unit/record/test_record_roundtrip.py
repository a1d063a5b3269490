"""What is put is what is read."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import fields
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from breathcore.model.drill import CommandKind, UserCommand
from breathcore.model.packets import Advance, Direction, LinkEvent, LinkKind, Packet
from breathcore.record.edit import append_mark, append_note, drop_derived, set_ratings
from breathcore.record.items import Mark, Note, Ratings
from breathcore.record.reader import SessionFile
from breathcore.record.rows import DERIVED_TABLES, TABLES, derived_rows
from breathcore.record.schema import APPLICATION_ID, DERIVED_SCHEMA, SCHEMA
from breathcore.record.writer import SessionWriter

Write = Callable[..., Path]


def _same(a: Any, b: Any) -> bool:
    """Equality in which NaN equals NaN and arrays are compared bit for bit."""
    if isinstance(a, float) and isinstance(b, float):
        return a == b or (isnan(a) and isnan(b))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.tobytes() == b.tobytes()
    if hasattr(a, "__dataclass_fields__"):
        return type(a) is type(b) and all(_same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    return bool(a == b)


def test_meta_and_devices_come_back(written: Write, samples: Any) -> None:
    with SessionFile.open(written()) as session:
        assert session.meta == samples.meta
        assert session.meta.start.utcoffset() == samples.meta.start.utcoffset()
        assert session.devices == samples.devices
        assert not session.cut_short
        assert session.message is None


def test_inputs_come_back_in_the_order_they_were_put(written: Write, samples: Any) -> None:
    with SessionFile.open(written()) as session:
        assert tuple(session.inputs()) == samples.inputs
        assert session.duration_s == 4.05


def test_advances_may_be_left_out(written: Write, samples: Any) -> None:
    others = tuple(i for i in samples.inputs if not isinstance(i, Advance))
    with SessionFile.open(written()) as session:
        assert tuple(session.inputs(advances=False)) == others != samples.inputs


def test_commands_are_also_marks_notes_and_ratings(written: Write) -> None:
    with SessionFile.open(written()) as session:
        assert session.marks() == (Mark(2.0, "cough\n„oh“"),)
        assert session.notes() == (Note(3.0, "a note"),)
        assert session.ratings() == Ratings(2, 7)


def test_effects_come_back_with_their_timeline(written: Write, samples: Any) -> None:
    with SessionFile.open(written()) as session:
        assert session.drill_events() == samples.effects


def test_estimates_come_back_to_the_last_bit(written: Write, samples: Any) -> None:
    with SessionFile.open(written()) as session:
        derived = session.derived()
        outcome = session.outcome()
    read = [item for name in derived.__dataclass_fields__ for item in getattr(derived, name)] + [outcome]
    for item in samples.derived:
        assert any(_same(item, other) for other in read), item
    assert len(read) == len(samples.derived)
    assert not derived.efforts[0].y.flags.writeable


def test_derived_rows_equal_those_of_the_same_items(written: Write, samples: Any) -> None:
    with SessionFile.open(written()) as session:
        assert session.derived_rows() == derived_rows(samples.derived)
        assert session.derived_rows() != derived_rows(samples.derived[1:])


def test_dropping_derived_tables_leaves_what_happened(written: Write, samples: Any) -> None:
    path = written()
    drop_derived(path)
    with SessionFile.open(path) as session:
        assert tuple(session.inputs()) == samples.inputs
        assert session.drill_events() == samples.effects
        assert session.derived().rates == ()
        assert isnan(session.outcome().score)
        assert session.derived().fits == ()
        assert session.derived_rows() == {}
    with closing(sqlite3.connect(path)) as connection:
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    assert not any(name.startswith("derived_") for name in names)


def test_words_can_be_added_after_the_end(written: Write) -> None:
    path = written()
    append_note(path, "slept badly")
    append_mark(path, 1.5, "later")
    set_ratings(path, Ratings(pain=3))
    with SessionFile.open(path) as session:
        assert session.notes()[-1].text == "slept badly"
        assert isnan(session.notes()[-1].t_s)
        assert session.marks()[-1] == Mark(1.5, "later")
        assert session.ratings() == Ratings(3, None)


def test_every_field_of_every_type_has_its_column() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(SCHEMA + DERIVED_SCHEMA)
        for table in TABLES.values():
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table.name})")]
            assert set(columns) == {table.key, *table.columns}
    assert all(table.name.startswith("derived_") for table in DERIVED_TABLES.values())


def test_a_stranger_finds_the_way_with_plain_sqlite(written: Write) -> None:
    with closing(sqlite3.connect(written())) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        meta = {k: json.loads(v) for k, v in connection.execute("SELECT key, value FROM meta")}
        packets = connection.execute("SELECT device, endpoint, direction FROM packet").fetchall()
        schema = "".join(row[0] or "" for row in connection.execute("SELECT sql FROM sqlite_master"))
    assert meta["person"] == "Grünspecht"
    assert meta["drill"]["patterns"][0]["phases"][1]["seconds"] == 6.0
    assert ("A", "pmd.data", "notify") in packets
    assert "-- every message of every sensor" in schema


def test_a_type_without_a_table_is_refused_at_once(samples: Any, tmp_path: Path) -> None:
    with SessionWriter(tmp_path / "s.breath", samples.meta, ()) as writer, pytest.raises(TypeError, match="str"):
        writer.put("text")  # type: ignore[arg-type]


_stamps = st.integers(-(2**63), 2**63 - 1)
_texts = st.text(st.characters(codec="utf-8"), max_size=20)
_inputs = st.one_of(
    st.builds(Advance, _stamps),
    st.builds(Packet, _texts, _texts, st.sampled_from(Direction), _stamps, st.binary(max_size=300)),
    st.builds(LinkEvent, _texts, _stamps, st.sampled_from(LinkKind), _texts),
    st.builds(UserCommand, st.sampled_from([CommandKind.START, CommandKind.MARK]), _stamps, _texts),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(items=st.lists(_inputs, max_size=30))
def test_any_sequence_of_inputs_survives(items: list[Any], samples: Any, tmp_path_factory: Any) -> None:
    path = tmp_path_factory.mktemp("any") / "s.breath"
    with SessionWriter(path, samples.meta, ()) as writer:
        for item in items:
            writer.put(item)
    assert writer.error is None
    with SessionFile.open(path) as session:
        assert list(session.inputs()) == items


def test_nan_is_no_number_not_zero(written: Write) -> None:
    with closing(sqlite3.connect(written())) as connection:
        assert connection.execute("SELECT rate_bpm FROM derived_rate WHERE n = 1").fetchone() == (None,)
