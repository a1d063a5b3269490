import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from breathcore.drill.timeline import level_at as drill_level_at
from breathcore.feedback.frame import AHEAD_S, PAST_S
from breathcore.feedback.wording import Wording
from breathcore.gui import theme
from breathcore.gui.plots.tape import SPARE_S, Tape
from breathcore.gui.plots.target import band_outline, finite_stretches, level_at, ribbon, runs
from breathcore.gui.plots.wave import WaveView
from breathcore.gui.thinning import Shown, shown
from breathcore.model.drill import DrillPhase, TargetPhase, Timeline
from breathcore.session.settings import Thinning


def test_the_painted_level_is_the_drills(frame_of):
    phases = frame_of().target
    times = np.linspace(phases[0].start_s, phases[-1].end_s - 0.01, 97)
    ours = [level_at(phases, t) for t in times]
    np.testing.assert_allclose(ours, drill_level_at(Timeline(phases), times), atol=1e-9)


def test_outside_the_target_there_is_no_level(frame_of):
    phases = frame_of().target
    assert level_at(phases, phases[0].start_s - 1.0) is None


def test_runs_break_where_time_is_missing_and_where_scoring_starts():
    def phase(start, end, scored=True):
        return TargetPhase(DrillPhase.INHALE, start, end, 0.0, 1.0, 0, 0, scored)

    made = runs((phase(0, 4, False), phase(4, 8), phase(8, 12), phase(20, 24)))
    assert [(r.t_s[0], r.t_s[-1], r.scored) for r in made] == [(0, 4, False), (4, 12, True), (20, 24, True)]
    assert runs(()) == ()


def test_the_whole_target_stays_within_300_points(frame_of):
    assert sum(run.t_s.size for run in runs(frame_of().target)) <= 300


def test_the_band_lies_evenly_around_its_line(frame_of):
    (run,) = runs(frame_of().target)
    t_s, level = band_outline(run, 0.15)
    n = run.t_s.size
    np.testing.assert_allclose((level[:n] + level[n:][::-1]) / 2, run.level)
    np.testing.assert_allclose(level[:n] - level[n:][::-1], 0.3)
    np.testing.assert_array_equal(t_s[:n], t_s[n:][::-1])


def test_a_ribbon_is_as_wide_as_asked():
    x = np.linspace(0.0, 100.0, 50)
    for y in (np.full(50, 7.0), 2.0 * x):
        ox, oy = ribbon(x, y, 3.0)
        upper, lower = slice(0, 50), slice(99, 49, -1)
        np.testing.assert_allclose(np.hypot(ox[upper] - ox[lower], oy[upper] - oy[lower]), 3.0)


def test_a_trace_breaks_at_nan():
    y = np.array([np.nan, 1.0, 2.0, np.nan, 3.0, np.nan, 4.0, 5.0, 6.0])
    parts = finite_stretches(np.arange(9.0), y)
    assert [list(t) for t, _ in parts] == [[1.0, 2.0], [6.0, 7.0, 8.0]]


@pytest.fixture
def wave(qtbot, qapp):
    theme.apply(qapp, theme.LIGHT)
    view = WaveView(Wording("en"))
    view.resize(900, 320)
    qtbot.addWidget(view)
    view.show()
    return view


def picture(view):
    QApplication.processEvents()
    image = view.grab().toImage()
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 4 * image.width()].reshape(image.height(), image.width(), 4)[:, :, :3].astype(int)


def test_a_refused_stretch_is_a_hole_in_the_trace(wave, frame_of):
    frame = frame_of()
    y = frame.trace_y.copy()
    hole = (frame.trace_t_s > 88.0) & (frame.trace_t_s < 92.0)
    y[hole] = np.nan
    wave.show_frame(frame_of(trace_y=y), Shown())
    wave.tick(100.0)
    trace = np.abs(picture(wave) - _bgr(theme.LIGHT.trace)).sum(axis=2) < 12
    plot = wave._plot
    per_s = plot.width() / (PAST_S + AHEAD_S)
    columns = [round(plot.left() + (t - 80.0) * per_s) for t in (86.0, 89.0, 90.0, 91.0, 94.0)]
    assert [bool(trace[:, c].any()) for c in columns] == [True, False, False, False, True]


def test_the_head_stands_at_the_now_line_where_it_is_predicted_and_is_a_ring_there(wave, frame_of):
    measured = frame_of()
    ahead = measured.trace_t_s[-1] + 0.04 * np.arange(1, 17)
    level = 0.5 - 0.45 * np.cos(2 * np.pi * ahead / 10.0)
    now_x = wave._now_x
    found = []
    for frame in (frame_of(predicted_t_s=ahead, predicted_y=level), measured):
        view = WaveView(Wording("en"))
        view.resize(wave.size())
        view.show_frame(frame, Shown())
        view.tick(100.0)
        head = view.head()
        x = now_x + (head.t_s - 100.0) * view._plot.width() / (PAST_S + AHEAD_S)
        seen = picture(view)
        found.append((head, x, seen[round(view._y(head.y)), round(x) + 3 if head.predicted else round(x) - 3]))
        view.close()
    (predicted, x, inside), (plain, plain_x, filled) = found
    assert predicted.predicted
    assert x == pytest.approx(now_x, abs=0.5)
    assert not plain.predicted
    assert plain_x < now_x - 2.0
    np.testing.assert_array_less(np.abs(inside - _bgr(theme.LIGHT.surface)), 8)
    np.testing.assert_array_less(np.abs(filled - _bgr(theme.LIGHT.trace)), 8)


def _bgr(color):
    value = QColor(color)
    return np.array([value.blue(), value.green(), value.red()])


def test_the_time_axis_stands_still_and_the_now_line_with_it(wave, frame_of):
    lines = []
    for t in (100.0, 103.3):
        wave.show_frame(frame_of(t, trace_t_s=np.empty(0), trace_y=np.empty(0)), Shown())
        wave.tick(t)
        match = (np.abs(picture(wave) - _bgr(theme.LIGHT.now)).sum(axis=2) < 6).mean(axis=0)
        lines.append(np.flatnonzero(match > 0.6))
    np.testing.assert_array_equal(*lines)
    assert lines[0].size >= 1


def test_what_is_inked_bit_by_bit_looks_like_what_is_inked_at_once(wave, frame_of, qtbot):
    target = frame_of(104.0).target
    for t in np.arange(100.0, 104.0, 0.05):
        wave.show_frame(frame_of(t, target=target), Shown())
        wave.tick(t)
        wave.grab()
    pulled = picture(wave)
    fresh = WaveView(Wording("en"))
    fresh.resize(wave.size())
    qtbot.addWidget(fresh)
    fresh.show()
    fresh.show_frame(wave.frame, Shown())
    fresh.tick(wave.now_s)
    different = np.abs(pulled - picture(fresh)).sum(axis=2) > 150
    assert different.mean() < 0.01


def test_a_past_that_changed_is_inked_anew(wave, frame_of):
    wave.show_frame(frame_of(), Shown())
    wave.tick(100.0)
    picture(wave)
    higher = frame_of()
    wave.show_frame(frame_of(trace_y=higher.trace_y * 0.5 + 0.5), Shown())
    wave.tick(100.0)
    changed = picture(wave)
    again = WaveView(Wording("en"))
    again.resize(wave.size())
    again.show()
    again.show_frame(wave.frame, Shown())
    again.tick(100.0)
    np.testing.assert_array_equal(changed, picture(again))
    again.close()


def test_a_tape_covers_its_spare_time_and_no_more(qapp):
    tape = Tape(QRectF(0, 0, 450, 100), 45.0, (0.0, 1.0), 1.0, 10.0)
    assert [tape.covers(t) for t in (9.9, 10.0, 10.0 + SPARE_S, 10.1 + SPARE_S)] == [False, True, True, False]
    assert tape.pixmap.width() == round(10 * (45 + SPARE_S))


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_a_tape_is_pulled_by_whole_device_pixels(qapp, ratio):
    tape = Tape(QRectF(0, 0, 450, 100), 45.0, (0.0, 1.0), ratio, 0.0)
    for start_s in np.linspace(0.0, SPARE_S, 41):
        assert tape.offset(start_s) * ratio == pytest.approx(round(tape.offset(start_s) * ratio))
        assert tape.offset(start_s) == pytest.approx(10.0 * start_s, abs=0.51 / ratio)


def test_the_target_of_a_brace_comes_within_a_second_and_stays():
    phase = TargetPhase(DrillPhase.EFFORT, 10.0, 20.0, 0.0, 1.0, 0, 0, scored=True)
    (run,) = runs((phase,))
    assert level_at((phase,), 10.5) == pytest.approx(0.5)
    assert level_at((phase,), 11.0) == pytest.approx(1.0)
    assert level_at((phase,), 19.0) == pytest.approx(1.0)
    assert np.interp([10.5, 11.0, 15.0, 20.0], run.t_s, run.level) == pytest.approx([0.5, 1.0, 1.0, 1.0], abs=0.01)


def test_no_breath_is_drawn_over_the_target_of_a_timed_drill(frame_of):
    assert shown(Thinning.EVERY, frame_of()).trace
    assert not shown(Thinning.EVERY, frame_of(drill={"paced": False, "breathes": False})).trace
