"""Ribs all round, brace and movement as the window shows them."""

import math
from dataclasses import replace
from statistics import fmean

import pytest
from PySide6.QtWidgets import QLabel, QWidget

from breathcore.feedback.frame import CalibrationStepView, FeedbackFrame
from breathcore.feedback.trunk_presenter import TrunkPresenter
from breathcore.feedback.trunk_view import CalibrationView, TrunkView
from breathcore.feedback.wording import Wording
from breathcore.gui.audit import settle
from breathcore.gui.pages.prepare import PreparePage
from breathcore.gui.pages.sensors import SensorsPage
from breathcore.gui.program import Program
from breathcore.gui.samples import sensors as sample_sensors
from breathcore.gui.samples import trunk as sample
from breathcore.gui.screenshots import Look, Shot, Studio
from breathcore.gui.services import SessionChoice
from breathcore.gui.trainer import TrainerOptions, TrainerPage
from breathcore.gui.trunk_pictures import Picture
from breathcore.model.device import Place
from breathcore.model.drill import CommandKind, Stage
from breathcore.model.message import message
from breathcore.model.trunk import (
    BraceCalibration,
    Expansion,
    RepLevel,
    SiteCalibration,
    SiteExpansion,
    TapeReading,
    Unmeasured,
)
from breathcore.record.reader import SessionFile
from breathcore.session import registry
from breathcore.session.rig import TRUNK_SEED
from breathcore.session.settings import Settings, Thinning, load_settings, save_settings
from breathcore.session.trunk_drill import tape_reading
from breathcore.source.sim.trunk.rig import rigged


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Return the program with its sessions kept in a folder of the test's own."""
    monkeypatch.setattr("breathcore.session.settings.settings_path", lambda: tmp_path / "preferences.json")
    return Program(folder=tmp_path / "sessions")


class TestSimulatedSensorsAllRound:
    @pytest.fixture
    def page(self, qtbot):
        made = SensorsPage(Wording("en"), sample_sensors.devices())
        qtbot.addWidget(made)
        return made

    def test_can_be_chosen_beside_the_strap(self, page, qtbot):
        with qtbot.waitSignal(page.changed) as told:
            page._round.click()
        assert told.args == [sample_sensors.RIG]
        assert {s.place for s in page.chosen} == set(Place)
        assert not page._simulated.isChecked()

    def test_real_sensors_are_not_mixed_with_them(self, page):
        page.found(sample_sensors.FOUND[0])
        page._round.click()
        page._cards["a"].click()
        assert [s.device_id for s in page.chosen] == ["polar_h10"]
        assert not page._round.isChecked()
        page._round.click()
        assert page.chosen == sample_sensors.RIG
        assert not page._cards["a"].isChecked()

    def test_have_their_places(self, page):
        page._round.click()
        page.body.tapped.emit(Place.BACK)
        assert page.chosen == sample_sensors.RIG

    def test_are_kept_for_the_next_time(self, tmp_path):
        path = tmp_path / "settings.json"
        save_settings(Settings(sensors=sample_sensors.RIG), path)
        assert load_settings(path).settings.sensors == sample_sensors.RIG

    @pytest.mark.parametrize("drill", ["360_breathing", "brace_and_breathe", "glute_bridge"])
    def test_run_a_session_from_the_window(self, program, qtbot, drill):
        bridge = program.start(SessionChoice(drill, sample_sensors.RIG))
        qtbot.waitUntil(lambda: bridge.now_s() > 1.0 and bridge.latest is not None, timeout=20_000)
        frame = bridge.latest
        program.stop()
        assert len(frame.sensors) == len(sample_sensors.RIG)
        assert frame.trunk is not None
        assert frame.stage in (Stage.WAITING, Stage.READY)
        (row,) = program.sessions()
        assert row.simulated
        with SessionFile.open(row.path) as file:
            assert file.meta.more["seed"] == TRUNK_SEED  # a trunk of which all can be told


def trained(qtbot, frame: FeedbackFrame, options: TrainerOptions | None = None) -> TrainerPage:
    page = TrainerPage(Wording("en"), options)
    qtbot.addWidget(page)
    page.show_frame(frame)
    page.tick()
    return page


ALL = TrunkView(sample.ring(), sample.compartments(), sample.brace(), sides=sample.PAIRS)
EVERYTHING = (
    replace(sample.brace_frame(), trunk=ALL),
    replace(sample.bridge_frame(), trunk=replace(ALL, reps=sample.reps())),
)


class TestThePanelBesideTheWave:
    def test_says_why_a_ring_is_empty_once(self, qtbot):
        ring = trained(qtbot, sample.ribs_frame(TrunkView(sample.silent_ring("not-calibrated")))).readings.trunk.ring
        assert ring._line.text().count("calibrated") == 1
        assert "front —" in ring.picture.accessibleName()

    def test_shows_centimetres_only_where_a_tape_was_read(self, qtbot):
        page = trained(qtbot, sample.ribs_frame())
        assert page.readings.trunk.ring._value.text() == "relative"
        page.show_frame(sample.ribs_frame(TrunkView(sample.ring(cm=True))))
        ring = page.readings.trunk.ring
        assert ring._value.text() == ""
        assert [line.rsplit(" ", 2)[0] for line in ring._line.text().splitlines()[:2]] == ["chest", "lower ribs"]

    def test_shows_both_sides_where_no_ring_does(self, qtbot):
        assert not trained(qtbot, sample.bridge_frame()).readings.trunk.pair.isHidden()
        both = TrunkView(sample.ring(), sample.compartments(), sides=sample.PAIRS)
        assert trained(qtbot, sample.ribs_frame(both)).readings.trunk.pair.isHidden()

    def test_says_that_a_brace_is_not_measured_in_place_of_an_empty_gauge(self, qtbot):
        page = trained(qtbot, sample.brace_frame(sample.silent_brace("brace.self-rated")))
        assert page.readings.trunk.brace.gauge.isHidden()
        assert "No sensor" in page.readings.trunk.brace._line.text()

    @pytest.mark.parametrize("thinning", [Thinning.THIRD, Thinning.SUMMARY, Thinning.BLIND])
    def test_thinning_hides_every_number_of_it(self, qtbot, thinning):
        shown = (sample.ribs_frame(), sample.brace_frame(), sample.bridge_frame())
        for frame in shown:
            panel = trained(qtbot, frame, TrainerOptions(thinning=thinning)).readings.trunk
            named = [p.accessibleName() for p in panel.findChildren(Picture) if p.isVisibleTo(panel)]
            assert named
            assert not [name for name in named if "%" in name]

    @pytest.mark.parametrize(
        ("thinning", "seen"),
        [
            (Thinning.EVERY, (True, True, True, True)),
            (Thinning.THIRD, (False, False, True, True)),
            (Thinning.SUMMARY, (False, False, False, True)),
            (Thinning.BLIND, (False, False, False, True)),
        ],
    )
    @pytest.mark.parametrize("frame", [sample.ribs_frame(), sample.brace_frame(), sample.bridge_frame()])
    def test_thinning_shows_ring_gauge_and_repetitions_when_it_says(self, qtbot, frame, thinning, seen):
        page = trained(qtbot, frame, TrainerOptions(thinning=thinning))
        panel, told = page.readings.trunk, []
        rounds = [replace(frame, drill=replace(frame.drill, breath_index=n)) for n in range(3)]
        for each in (*rounds, replace(frame, stage=Stage.SET_REST)):
            page.show_frame(each)
            parts = [p for p in (panel.ring, panel.brace, panel.reps) if p.isVisibleTo(page)]
            assert len(parts) == 1
            told.append("as you chose" not in parts[0]._line.text())
        assert tuple(told) == seen

    def test_thinning_does_not_betray_the_least_site_by_its_weight(self, qtbot):
        images = []
        for least in (Place.LEFT, Place.BACK):
            frame = sample.ribs_frame(TrunkView(sample.ring(least=least)))
            ring = trained(qtbot, frame, TrainerOptions(thinning=Thinning.BLIND)).readings.trunk.ring.picture
            ring.resize(240, 160)
            images.append(ring.grab().toImage())
        assert images[0] == images[1]

    def test_sites_that_are_silent_for_one_reason_are_named_together(self, qtbot):
        part = trained(qtbot, sample.ribs_frame(TrunkView(sample.front_only()))).readings.trunk.ring
        assert "right, back: No sensor" in part._line.text()

    def test_what_stands_below_a_brace_stays_where_it_is_when_its_level_comes_and_goes(self, qtbot):
        page, tops = trained(qtbot, sample.brace_frame()), set()
        page.resize(1100, 700)
        page.show()
        unsure = sample.brace(level=None, word=None, message=message("brace.on-unsure"))
        for view in (sample.brace(), unsure):
            page.show_frame(replace(sample.brace_frame(view), trunk=TrunkView(sample.ring(), brace=view)))
            settle()
            tops.add(page.readings.trunk.ring.y())
        assert len(tops) == 1

    @pytest.mark.parametrize(
        ("view", "said"),
        [
            (sample.silent_brace("brace.self-rated"), "timed drill, no score"),
            (sample.brace(level=None, message=message("brace.on-small")), "timed drill, no score"),
            (sample.brace(level=None, message=message("brace.on-unsure")), "comes after a few breaths"),
        ],
        ids=["nothing shows it", "no level will come", "one will come"],
    )
    def test_no_score_is_promised_where_none_will_come(self, qtbot, view, said):
        page = trained(qtbot, sample.brace_frame(view, score=None))
        assert page.progress._parts.text() == said

    @pytest.mark.parametrize("thinning", list(Thinning))
    def test_a_strain_is_told_however_it_is_thinned(self, qtbot, thinning):
        strain = sample.brace(strain=True, word=message("brace.strain"))
        page = trained(qtbot, sample.brace_frame(strain), TrainerOptions(thinning=thinning))
        assert page.readings.trunk.brace._line.text() == "Breathe out and let go"

    def test_a_movement_is_drawn_over_its_target_and_a_breath_is_not(self, qtbot):
        assert trained(qtbot, sample.bridge_frame()).view.shown.trace
        page = trained(qtbot, sample.bridge_frame(sample.unmeasured_reps()))
        assert not page.view.shown.trace
        assert page.readings.trunk.reps.bar.isHidden()
        assert page.progress._parts.text() == "timed drill, no score"

    def test_a_sensor_that_slipped_is_told_under_the_cue(self, qtbot):
        told = message("trunk.notice.slipped", place="left")
        page = trained(qtbot, sample.ribs_frame(TrunkView(sample.ring(), notice=told)))
        assert "sits otherwise" in page.told.text()
        assert page.told.isVisibleTo(page)

    @pytest.mark.parametrize("language", ["en", "de"])
    @pytest.mark.parametrize("frame", [sample.ribs_frame(), sample.bridge_frame(), *EVERYTHING])
    def test_all_of_the_trainer_is_in_the_window_at_once(self, qapp, language, frame):
        studio = Studio()
        words = studio.dress(Look("light", 100, language))

        def make(wording: Wording) -> QWidget:
            page = TrainerPage(wording, TrainerOptions())
            page.show_frame(frame)
            return page

        page = studio.pose(Shot("trunk", "any", make), words)
        assert page._scroll.verticalScrollBar().maximum() == 0
        studio.dismiss(page)


class TestPreparing:
    @pytest.fixture
    def page(self, qtbot):
        made = PreparePage(Wording("en"), registry.drill("360_breathing"), ())
        qtbot.addWidget(made)
        return made

    def ready(self, **changes) -> FeedbackFrame:
        view = TrunkView(sample.ring(), calibrated=sample.calibrated(), both_sides=True)
        return sample.ready(replace(view, **changes))

    def lines(self, page) -> list[str]:
        rows = page.trunk._rows
        return [rows.itemAt(n).widget().findChild(QLabel).text() for n in range(rows.count())]

    def test_each_place_says_what_it_learned_or_why_not(self, page):
        refused = CalibrationView(Place.BACK, message=message("trunk.uneven"))
        changed = CalibrationView(Place.LEFT, 2.4, "°", change=-0.31)
        page.show_frame(self.ready(calibrated=sample.calibrated(back=refused, left=changed)))
        breastbone, left, right, back = self.lines(page)
        assert "learned (6.1 N)" in breastbone
        assert "31 % less than last time" in left
        assert "learned (2.1°)" in right
        assert "differed too much" in back

    def test_the_step_that_runs_is_named_with_what_it_is_for(self, page):
        step = CalibrationStepView(6, 9, message("calibration.why.brace"))
        page.show_frame(replace(self.ready(), stage=Stage.CALIBRATING, calibration_step=step))
        assert "Step 6 of 9" in page._detail.text()
        assert "five words" in page._detail.text()

    def test_three_readings_of_a_tape_are_sent(self, page, qtbot):
        page.show_frame(self.ready())
        page.trunk.tape_button.click()
        assert not page.trunk.tape.keep.isEnabled()
        for edit, reading in zip(page.trunk.tape.readings, ("5,1", "4.8", "5.0"), strict=True):
            edit.setText(reading)
        assert "5.0 cm" in page.trunk.tape._mean.text()
        with qtbot.waitSignal(page.said) as told:
            page.trunk.tape.keep.click()
        kind, text = told.args
        assert kind is CommandKind.TAPE
        assert tape_reading(text, 1.0) == TapeReading(1.0, Place.LEFT, fmean((5.1, 4.8, 5.0)))

    @pytest.mark.parametrize(
        "readings", [("5", "5", ""), ("5", "5", "x"), ("5", "5", "200"), ("nan", "5", "5"), ("2", "9", "4")]
    )
    def test_what_cannot_be_a_reading_is_not(self, page, readings):
        page.show_frame(self.ready())
        page.trunk.tape_button.click()
        for edit, reading in zip(page.trunk.tape.readings, readings, strict=True):
            edit.setText(reading)
        assert not page.trunk.tape.keep.isEnabled()

    def test_exchanged_sides_are_told_and_learned_again(self, page, qtbot):
        page.show_frame(self.ready(notice=message("trunk.notice.exchange")))
        assert page.trunk.exchange.isVisibleTo(page)
        said = []
        page.said.connect(lambda kind, text: said.append(kind))
        page.trunk.exchanged.click()
        assert said == [CommandKind.EXCHANGE, CommandKind.CALIBRATE]
        page.show_frame(self.ready(exchanged=True))
        assert not page.trunk.exchange.isVisibleTo(page)

    def test_an_exchange_by_mistake_can_be_taken_back(self, page, qtbot):
        page.show_frame(self.ready())
        assert not page.trunk.back_button.isVisibleTo(page)
        assert not page.trunk._worn.isVisibleTo(page)
        page.show_frame(self.ready(exchanged=True))
        assert "the other way about" in page.trunk._worn.text()
        said = []
        page.said.connect(lambda kind, text: said.append(kind))
        page.trunk.back_button.click()
        assert said == [CommandKind.EXCHANGE, CommandKind.CALIBRATE]
        page.show_frame(self.ready(exchanged=False))
        assert "as at first" in page.trunk._worn.text()
        assert page.trunk.exchange_button.isVisibleTo(page)
        assert not page.trunk.back_button.isVisibleTo(page)

    @pytest.mark.parametrize("offer", [True, False])
    def test_the_exchange_is_offered_the_first_time(self, qtbot, offer):
        page = PreparePage(Wording("en"), registry.drill("360_breathing"), (), offer_exchange=offer)
        qtbot.addWidget(page)
        page.show_frame(self.ready())
        assert page.trunk.exchange.isVisibleTo(page) is offer
        page.trunk.not_now.click()
        page.show_frame(self.ready())
        assert not page.trunk.exchange.isVisibleTo(page)

    def test_there_is_no_exchange_of_one_side(self, page):
        page.show_frame(self.ready(both_sides=False))
        assert not page.trunk.exchange_button.isVisibleTo(page)

    def test_a_timed_drill_offers_to_calibrate(self, page, qtbot):
        page.show_frame(replace(self.ready(calibrated=()), calibrated=False, calibration_wanted=True))
        assert not page._start.isVisibleTo(page)
        with qtbot.waitSignal(page.command) as told:
            page._calibrate.click()
        assert told.args == [CommandKind.CALIBRATE]
        assert page._without.isVisibleTo(page)


class TestWhatAFrameSaysOfTheTrunk:
    @pytest.fixture
    def presenter(self):
        known = {spec.id: spec for spec in registry.devices()}
        return TrunkPresenter([c for _, spec in rigged(known) for c in spec.channels])

    def view(self, presenter, drill: str = "360_breathing", at_s: float = 60.0) -> TrunkView:
        return presenter.view(at_s, registry.drill(drill), None, 8)

    def test_a_calibration_of_each_place_and_of_the_brace(self, presenter):
        presenter.on_estimate(SiteCalibration(50.0, Place.LEFT, "left", "deg", 1.0, 3.0, 0.05, (), 2.0, 0.3))
        presenter.on_estimate(
            SiteCalibration(50.0, Place.BACK, "back", "deg", math.nan, math.nan, 0.5, reason=Unmeasured.UNEVEN)
        )
        presenter.on_estimate(BraceCalibration(56.0, "belt", 1.0, 9.0, 0.05))
        left, back, brace = self.view(presenter, "brace_and_breathe").calibrated
        assert (left.span, left.unit, left.cm, left.change) == (2.0, "°", 4.0, 0.3)
        assert back.message == message("trunk.uneven")
        assert brace == CalibrationView(None)
        assert len(self.view(presenter).calibrated) == 2

    def test_what_a_breath_came_to_does_not_outlive_its_range(self, presenter):
        learned = SiteCalibration(50.0, Place.LEFT, "left", "deg", 1.0, 3.0, 0.05)
        presenter.on_estimate(learned)
        presenter.on_estimate(Expansion(55.0, 50.0, 54.0, (SiteExpansion(Place.LEFT, "left", 0.8),)))
        assert self.view(presenter).ring.sites[1].share == 0.8
        presenter.on_estimate(replace(learned, t_s=58.0))
        assert self.view(presenter).ring.sites[1].share is None

    def test_a_movement_in_view_is_broken_where_it_was_not_seen(self, presenter):
        assert not len(presenter.movement(30.0)[0])
        for t_s in (5.0, 20.0, 20.1, 29.0, 29.1):
            presenter.on_estimate(RepLevel(t_s, 10.0, 0.5))
        t_s, share = presenter.movement(30.0)
        assert t_s.tolist() == [19.0, 20.0, 20.1, 28.0, 29.0, 29.1]
        assert [math.isnan(y) for y in share] == [True, False, False, True, False, False]
