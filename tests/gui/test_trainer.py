import itertools
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QMainWindow, QSlider

from breathcore.feedback.wording import LANGUAGES, Wording
from breathcore.gui import theme, trainer
from breathcore.gui.audit import audit
from breathcore.gui.samples.sensors import sensor
from breathcore.gui.thinning import Shown, shown
from breathcore.gui.trainer import TrainerOptions, TrainerPage
from breathcore.gui.trainer_asks import STOP_RULES
from breathcore.model.device import Place
from breathcore.model.drill import CommandKind, DrillPhase, FinishReason, Stage, TargetPhase
from breathcore.model.estimates import FitIssue
from breathcore.model.message import message
from breathcore.model.packets import LinkKind, LinkReason
from breathcore.session.settings import Thinning

FREE = {"phase": None, "next_phase": None, "cue": {}}


@pytest.fixture
def open_page(qtbot, qapp):
    """Return the opener of a trainer in a window of 1100 × 700."""

    def opened(frame, *, language="en", name="light", scale=1.0, size=(1100, 700), **options):
        theme.apply(qapp, theme.THEMES[name], scale)
        window, page = QMainWindow(), TrainerPage(Wording(language), TrainerOptions(**options))
        window.setCentralWidget(page)
        window.resize(*size)
        qtbot.addWidget(window)
        page.set_clock(lambda: frame.t_s)
        page.host, page.said = window, []
        page.command.connect(lambda kind, text: page.said.append((kind, text)))
        window.show()
        qtbot.waitExposed(window)
        page.show_frame(frame)
        page.tick()
        settle()
        return page

    yield opened
    theme.apply(qapp, theme.LIGHT)


def settle():
    """Let nested layouts come to rest."""
    for _ in range(4):
        QApplication.processEvents()


def seen_texts(page):
    return [label.text() for label in page.findChildren(QLabel) if label.isVisible() and label.text()]


def said_in(part):
    return {label.text() for label in part.findChildren(QLabel) if label.isVisible()}


# what it says


def test_it_says_the_drill_the_rate_and_the_score(open_page, frame_of):
    texts = " | ".join(seen_texts(open_page(frame_of())))
    for part in ("Diaphragmatic breathing", "set 1 of 2", "82 %", "signal good", "6.1", "target 6.0", "62 beats/min"):
        assert part in texts
    for part in ("breath 14 of 30", "in step 82 %", "86", "timing 82", "Breathe in – let", "4 s"):
        assert part in texts


def test_unreadable_packets_and_a_slow_disk_are_counted_and_shown(open_page, frame_of):
    assert not any("packets" in text for text in seen_texts(open_page(frame_of())))
    texts = " | ".join(seen_texts(open_page(frame_of(faults_n=7, recorder_depth=5000))))
    assert "7 packets could not be read" in texts
    assert "5000 items wait to be written" in texts


def test_two_sensors_stand_in_the_top_line_each_with_its_battery(open_page, frame_of):
    page = open_page(frame_of(sensors=(sensor("H10", battery=82), sensor("Belt", battery=None))))
    assert said_in(page.header) >= {"H10", "82 %", "Belt", "—", "signal good"}


def test_of_many_sensors_the_weakest_battery_is_shown(open_page, frame_of):
    page = open_page(frame_of(sensors=tuple(sensor(f"S{n}", battery=n) for n in (60, 15, 90))))
    assert said_in(page.header) >= {"3 sensors", "15 %"}


@pytest.mark.parametrize("place", [None, Place.NAVEL])
@pytest.mark.parametrize("scale", [1.0, 1.25, 1.5, 2.0])
def test_long_names_push_nothing_out_of_the_window(open_page, frame_of, scale, place):
    belt = sensor("Vernier Go Direct respiration belt", LinkKind.LOST, reason=LinkReason.DROPPED)
    sensors = (sensor("Hexoskin Smart"), replace(belt, place=place))
    page = open_page(frame_of(sensors=sensors), language="de", scale=scale)
    assert audit(page) == ()


@pytest.mark.parametrize(
    ("link", "reason", "state"),
    [
        (LinkKind.STALLED, LinkReason.SILENT, "Belt: silent"),
        (LinkKind.LOST, LinkReason.DROPPED, "Belt: link lost"),
        (LinkKind.WAITING, LinkReason.ADAPTER_OFF, "Belt: not heard yet"),
    ],
)
def test_a_second_sensor_in_trouble_is_named_at_once_with_what_to_do(open_page, frame_of, link, reason, state):
    page = open_page(frame_of(sensors=(sensor("H10"), sensor("Belt", link, reason=reason))))
    assert state in said_in(page.header)
    assert Wording("en").text(f"link.{reason}", device="Belt") in said_in(page.readings)


def test_one_sensor_with_a_bad_fit_says_what_to_do(open_page, frame_of):
    page = open_page(frame_of(sensors=(sensor("Belt", issue=FitIssue.SLACK),)))
    assert Wording("en").text("fit.slack", device="Belt") in said_in(page.readings)


def test_parts_not_measured_are_named_at_the_end_only(open_page, frame_of):
    running = " | ".join(seen_texts(open_page(frame_of())))
    assert "not measured: " not in running
    assert "depth" not in running
    over = frame_of(stage=Stage.FINISHED, finish=FinishReason.COMPLETED)
    assert "timing 82  ·  not measured: depth" in seen_texts(open_page(over))


def test_a_replay_is_only_watched(qtbot, open_page, frame_of):
    page = open_page(frame_of(), replay=True)
    assert "Replay  ·  set 1 of 2" in seen_texts(page)
    shown_now = {b.text() for b in page.controls.findChildren(QAbstractButton) if b.isVisible()}
    assert shown_now == {"Stop the replay"}
    for key in (Qt.Key.Key_Space, Qt.Key.Key_D, Qt.Key.Key_H, Qt.Key.Key_S, Qt.Key.Key_M):
        qtbot.keyClick(page, key)
    assert page.said == []
    assert page.note.isHidden()
    assert not page.overlay.isVisible()
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    assert [kind for kind, *_ in page.said] == [CommandKind.END]


def test_german_writes_decimal_commas(open_page, frame_of):
    texts = seen_texts(open_page(frame_of(), language="de"))
    assert "6,1" in texts
    assert "Atemzüge/min\nZiel 6,0" in texts


def test_without_a_rate_there_is_a_dash_and_the_reason(open_page, frame_of):
    page = open_page(frame_of(rate_bpm=None, rate_message=message("refusal.noise"), heart_bpm=None))
    assert page.readings.rate.value == "—"
    assert Wording("en").text("refusal.noise") in seen_texts(page)
    assert "6.1" not in " ".join(seen_texts(page))


def test_a_strap_that_sends_heart_beats_only_gets_no_score(open_page, frame_of):
    page = open_page(frame_of(rate_bpm=None, rate_message=message("refusal.heart-only"), score=None, in_step=None))
    assert "Only the heart is felt, not the breath." in seen_texts(page)
    assert "not measured" in seen_texts(page)
    assert page.readings.heart.value == "62 beats/min"


@pytest.mark.parametrize(
    ("stage", "notice"), [(Stage.PAUSED, "notice.paused"), (Stage.LOST, "notice.lost"), (Stage.DIZZY, "notice.dizzy")]
)
def test_a_stop_in_the_drill_is_said_in_words_and_shape(open_page, frame_of, stage, notice):
    page = open_page(frame_of())
    plain = page.cue.grab().toImage()
    page.show_frame(frame_of(stage=stage, drill=FREE, notice=message(notice)))
    assert page.cue.text == Wording("en").text(notice)
    assert page.cue.property("card") in {"notice", "attention"}
    assert page.cue.grab().toImage() != plain


@pytest.mark.parametrize("reason", FinishReason)
def test_every_end_has_its_sentence(open_page, frame_of, reason):
    page = open_page(frame_of(stage=Stage.FINISHED, drill=FREE, finish=reason))
    assert page.cue.text == Wording("en").text(f"trainer.finished.{reason.value}")
    assert not page.controls.end.isEnabled()


def test_seconds_can_be_hidden(open_page, frame_of):
    page = open_page(frame_of())
    assert "4 s" in seen_texts(page)
    page.preferences.seconds.click()
    assert "4 s" not in seen_texts(page)


def test_a_change_of_stage_is_announced_once(open_page, frame_of, monkeypatch):
    page, heard = open_page(frame_of()), []
    monkeypatch.setattr(trainer, "announce", lambda _widget, text: heard.append(text))
    lost = frame_of(stage=Stage.LOST, drill=FREE, notice=message("notice.lost"))
    page.show_frame(lost)
    page.show_frame(lost)
    assert heard == [Wording("en").text("notice.lost")]


# keys and buttons


@pytest.mark.parametrize(
    ("key", "stage", "drill", "kind"),
    [
        (Qt.Key.Key_Space, Stage.RUNNING, {}, CommandKind.PAUSE),
        (Qt.Key.Key_Space, Stage.PAUSED, FREE, CommandKind.RESUME),
        (Qt.Key.Key_Space, Stage.READY, FREE, CommandKind.START),
        (Qt.Key.Key_D, Stage.RUNNING, {}, CommandKind.DIZZY),
        (Qt.Key.Key_H, Stage.RUNNING, {"phase": DrillPhase.HOLD}, CommandKind.CUT_HOLD),
        (Qt.Key.Key_H, Stage.RUNNING, {"phase": DrillPhase.EFFORT}, CommandKind.CUT_HOLD),
    ],
)
def test_one_key_does_it(qtbot, open_page, frame_of, key, stage, drill, kind):
    page = open_page(frame_of(stage=stage, drill=drill))
    qtbot.keyClick(page, key)
    assert page.said == [(kind, "")]


@pytest.mark.parametrize(
    ("key", "stage", "drill"),
    [
        (Qt.Key.Key_H, Stage.RUNNING, {}),
        (Qt.Key.Key_D, Stage.FINISHED, FREE),
        (Qt.Key.Key_Space, Stage.CALIBRATING, FREE),
        (Qt.Key.Key_Space, Stage.FINISHED, FREE),
        (Qt.Key.Key_Space, Stage.DIZZY, FREE),
    ],
)
def test_a_key_without_sense_now_does_nothing(qtbot, open_page, frame_of, key, stage, drill):
    page = open_page(frame_of(stage=stage, drill=drill))
    qtbot.keyClick(page, key)
    assert page.said == []


def test_dizzy_can_be_said_again_while_pacing_is_stopped_for_it(qtbot, open_page, frame_of):
    page = open_page(frame_of(stage=Stage.DIZZY, drill=FREE))
    qtbot.keyClick(page, Qt.Key.Key_D)
    assert page.said == [(CommandKind.DIZZY, "")]


def test_after_dizziness_the_drill_goes_on_when_the_rest_is_over(qtbot, open_page, frame_of):
    dizzy = {"stage": Stage.DIZZY, "drill": FREE, "notice": message("notice.dizzy")}
    page = open_page(frame_of(100.0, **dizzy))
    page.show_frame(frame_of(101.0, **dizzy))
    assert "59 s" in seen_texts(page)
    page.show_frame(frame_of(160.5, **dizzy))
    qtbot.keyClick(page, Qt.Key.Key_Space)
    assert page.said == [(CommandKind.RESUME, "")]


@pytest.mark.parametrize(("seconds", "offered"), [(4.0, True), (1.0, False)])
def test_a_long_rest_of_a_paced_drill_is_a_hold_too(open_page, frame_of, seconds, offered):
    rest = TargetPhase(DrillPhase.REST, 100.0, 100.0 + seconds, 0.0, 0.0, 0, 0, scored=True)
    page = open_page(frame_of(100.5, drill={"phase": DrillPhase.REST}, target=(rest,)))
    assert page.controls.cut.isVisible() is offered


def test_between_sets_the_time_to_the_next_one_is_said(open_page, frame_of):
    soon = TargetPhase(DrillPhase.INHALE, 111.5, 115.5, 0.0, 1.0, 1, 0, scored=True)
    page = open_page(frame_of(stage=Stage.SET_REST, drill=FREE, target=(soon,)))
    assert "12 s" in seen_texts(page)


def test_the_key_line_names_every_letter(open_page, frame_of):
    line = open_page(frame_of()).keys.text()
    assert all(f"{key}:" in line for key in ("Space", "D", "Esc", "M", "H", "S", "V"))


def test_end_asks_first(qtbot, open_page, frame_of):
    page = open_page(frame_of())
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    assert page.overlay.isVisible()
    qtbot.keyClick(page.overlay, Qt.Key.Key_Escape)
    assert not page.overlay.isVisible()
    assert page.said == []
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    _press(page, "End now")
    assert page.said == [(CommandKind.END, "")]


@pytest.mark.parametrize("key", [Qt.Key.Key_S, Qt.Key.Key_F1])
def test_stop_rules_on_one_key(qtbot, open_page, frame_of, key):
    page = open_page(frame_of())
    qtbot.keyClick(page, key)
    texts = seen_texts(page)
    assert all(Wording("en").text(rule) in texts for rule in STOP_RULES)
    _press(page, "Stop now")
    assert page.said == [(CommandKind.STOP_RULE, "")]


def test_no_drill_key_works_behind_a_sheet(qtbot, open_page, frame_of):
    page = open_page(frame_of())
    qtbot.keyClick(page, Qt.Key.Key_S)
    for key in (Qt.Key.Key_D, Qt.Key.Key_H, Qt.Key.Key_M):
        qtbot.keyClick(page.overlay, key)
    assert page.said == []
    assert not page.note.isVisible()


def test_a_mark_takes_its_note_while_the_drill_goes_on(qtbot, open_page, frame_of):
    page = open_page(frame_of())
    qtbot.keyClick(page, Qt.Key.Key_M)
    qtbot.keyClicks(page.note.field, "dizzy? sneeze")
    qtbot.keyClick(page.note.field, Qt.Key.Key_Return)
    assert page.said == [(CommandKind.MARK, "dizzy? sneeze")]
    assert not page.note.isVisible()


def test_a_mark_can_be_dropped(qtbot, open_page, frame_of):
    page = open_page(frame_of())
    qtbot.keyClick(page, Qt.Key.Key_M)
    qtbot.keyClicks(page.note.field, "no")
    qtbot.keyClick(page.note.field, Qt.Key.Key_Escape)
    assert page.said == []
    assert not page.note.isVisible()
    assert not page.overlay.isVisible()


def test_volume_keys(qtbot, open_page, frame_of):
    page = open_page(frame_of(), volume=95)
    volumes = []
    page.volume_changed.connect(volumes.append)
    qtbot.keyClick(page, Qt.Key.Key_Plus)
    qtbot.keyClick(page, Qt.Key.Key_Minus)
    assert volumes == [100, 90]


@pytest.mark.parametrize(
    ("reduced", "order"), [(False, ["circle", "words", "wave"]), (True, ["words", "steps", "words"])]
)
def test_v_goes_round_the_views(qtbot, open_page, frame_of, reduced, order):
    page = open_page(frame_of(), reduced_motion=reduced)
    chosen = []
    page.view_changed.connect(chosen.append)
    for _ in order:
        qtbot.keyClick(page, Qt.Key.Key_V)
    assert chosen == order


def test_definitions_are_one_tap_away(open_page, frame_of):
    page = open_page(frame_of())
    page.readings.quality.info.click()
    assert "relative to you" in " ".join(seen_texts(page))


def _press(page, text):
    button = next(b for b in page.overlay.findChildren(QAbstractButton) if b.text() == text and b.isVisible())
    button.click()


# sizes, names, room


@pytest.mark.parametrize(("language", "scale"), list(itertools.product(LANGUAGES, (1.0, 2.0))))
def test_targets_are_large_enough(open_page, frame_of, language, scale):
    page = open_page(frame_of(drill={"phase": DrillPhase.HOLD}), language=language, scale=scale)
    controls = (page.controls.main, page.controls.dizzy, page.controls.end, page.controls.cut)
    assert all(min(b.width(), b.height()) >= 44 for b in controls)
    small = [b for b in page.findChildren(QAbstractButton) if b.isVisible() and min(b.width(), b.height()) < 24]
    assert not [b.text() for b in small]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_control_has_a_name(qtbot, open_page, frame_of, language):
    page = open_page(frame_of(drill={"phase": DrillPhase.HOLD}), language=language)
    qtbot.keyClick(page, Qt.Key.Key_S)
    controls = [c for kind in (QAbstractButton, QSlider, QLineEdit) for c in page.findChildren(kind)]
    assert len(controls) > 12
    assert not [c for c in controls if not c.accessibleName()]
    names = [b.accessibleName() for b in page.findChildren(QAbstractButton) if b.isVisible()]
    assert "?" not in names


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_of_it_shows_at_1100_by_700(open_page, frame_of, language):
    page = open_page(frame_of(), language=language)
    assert page._scroll.verticalScrollBar().maximum() == 0
    assert page.view.height() >= 200


@pytest.mark.parametrize(("language", "scale"), list(itertools.product(LANGUAGES, (1.0, 1.5, 2.0))))
def test_no_text_is_clipped(open_page, frame_of, language, scale):
    page = open_page(frame_of(rate_bpm=None, rate_message=message("refusal.noise")), language=language, scale=scale)
    for label in page.findChildren(QLabel):
        if label.isVisible() and label.text():
            needed = label.heightForWidth(label.width()) if label.wordWrap() else label.sizeHint().height()
            assert label.height() >= needed, label.text()
            assert label.wordWrap() or label.width() >= label.sizeHint().width(), label.text()
    for button in page.findChildren(QAbstractButton):
        assert not button.isVisible() or button.width() >= button.sizeHint().width(), button.text()


@pytest.mark.parametrize("language", LANGUAGES)
def test_at_200_percent_the_wave_the_cue_and_the_buttons_stay_in_sight(open_page, frame_of, language):
    page = open_page(frame_of(drill={"phase": DrillPhase.HOLD}), language=language, scale=2.0)
    for widget in (page.view, page.cue, page.controls.main, page.controls.dizzy, page.controls.cut):
        foot = widget.mapTo(page, QPoint(0, widget.height()))
        assert foot.y() <= page.height(), widget
        assert widget.mapTo(page, QPoint(widget.width(), 0)).x() <= page.width(), widget


def test_another_text_size_takes_hold_at_once(qapp, open_page, frame_of):
    page = open_page(frame_of(), size=(1920, 1080))
    before = page.controls.main.height()
    theme.apply(qapp, theme.DARK, 2.0)
    QApplication.processEvents()
    assert page.controls.main.height() > 1.8 * before


# painting


def test_it_paints_by_the_clock_and_counts(qtbot, open_page, frame_of):
    page = open_page(frame_of())
    painted, seen = page.painted, []
    page.view.frame_painted.connect(seen.append)
    qtbot.waitUntil(lambda: page.painted >= painted + 3, timeout=3000)
    assert page.view.newest_host_ns == 123_456_789_012
    assert seen[-1] == 123_456_789_012


def test_a_hidden_page_does_not_paint(open_page, frame_of):
    page = open_page(frame_of())
    page.hide()
    assert not page._timer.isActive()


def test_words_are_painted_only_when_they_change(open_page, frame_of):
    page = open_page(frame_of(), view="words")
    painted = page.view.painted
    for _ in range(5):
        page.show_frame(frame_of())
        page.tick()
        QApplication.processEvents()
    assert page.view.painted == painted
    page.show_frame(frame_of(drill={"phase": DrillPhase.EXHALE}))
    QApplication.processEvents()
    assert page.view.painted == painted + 1


@pytest.mark.parametrize("view", ["wave", "circle", "words", "steps"])
def test_every_view_shows_the_phase(open_page, frame_of, view):
    page = open_page(frame_of(), view=view, reduced_motion=view == "steps")
    inhale = page.view.grab().toImage()
    page.set_clock(lambda: 105.0)
    page.show_frame(frame_of(105.0, drill={"phase": DrillPhase.EXHALE}))
    page.tick()
    assert page.view.grab().toImage() != inhale


@pytest.mark.parametrize("view", ["wave", "circle", "words", "steps"])
def test_the_countdown_shows_in_every_view(open_page, frame_of, view):
    page = open_page(frame_of(), view=view, reduced_motion=view == "steps")
    pictures = []
    for count in (3, 2, 1):
        page.show_frame(frame_of(stage=Stage.COUNTDOWN, drill={**FREE, "countdown": count}))
        pictures.append(page.view.grab().toImage())
    assert pictures[0] != pictures[1] != pictures[2]


@pytest.mark.parametrize("name", theme.THEMES)
def test_a_hidden_trace_leaves_no_pixel(open_page, frame_of, name):
    page = open_page(frame_of(), name=name)
    assert _count(page.view, theme.THEMES[name].trace) > 300
    page.thinning = Thinning.SUMMARY
    page.show_frame(frame_of())
    assert _count(page.view, theme.THEMES[name].trace) == 0
    assert page.readings.rate.value == "—"


def _count(view, color):
    return int(np.count_nonzero(_pixels(view) == int(color[1:], 16)))


def _pixels(view):
    image = view.grab().toImage().convertToFormat(view.grab().toImage().Format.Format_RGB32)
    rows = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.bytesPerLine() // 4)
    return rows[:, : image.width()] & 0xFFFFFF


@pytest.mark.parametrize(
    ("thinning", "stage", "breath", "expected"),
    [
        (Thinning.EVERY, Stage.RUNNING, 0, Shown()),
        (Thinning.THIRD, Stage.RUNNING, 0, Shown(False, False)),
        (Thinning.THIRD, Stage.RUNNING, 1, Shown(False, False)),
        (Thinning.THIRD, Stage.RUNNING, 2, Shown()),
        (Thinning.THIRD, Stage.SET_REST, 0, Shown()),
        (Thinning.SUMMARY, Stage.GLIDE, 2, Shown(False, False)),
        (Thinning.SUMMARY, Stage.SET_REST, 2, Shown(False, True)),
        (Thinning.BLIND, Stage.RUNNING, 2, Shown(False, False)),
        (Thinning.BLIND, Stage.FINISHED, 2, Shown()),
        (Thinning.BLIND, Stage.CALIBRATING, 0, Shown()),
    ],
)
def test_feedback_can_be_thinned(frame_of, thinning, stage, breath, expected):
    assert shown(thinning, frame_of(stage=stage, drill={"breath_index": breath})) == expected
