"""A drill with two wearables over the virtual radio: it goes on with either that sees the breath, and waits for it."""

import asyncio

import numpy as np
import pytest

pytest.importorskip("bumble")

from virtual_time import clock_ns, run_virtual

from breathcore.feedback.frame import FeedbackFrame
from breathcore.model.drill import CommandKind, Stage, UserCommand
from breathcore.model.packets import Advance, LinkKind
from breathcore.session import registry
from breathcore.session.pipeline import Pipeline
from breathcore.session.plan import SessionPlan
from breathcore.session.signals import Outbound
from breathcore.source.ble import BleSource
from breathcore.source.sim.script import faults_of
from breathcore.source.virtual.devices import VirtualDevice, address
from breathcore.source.virtual.radio import VirtualRadio

STRAP_GONE_S, BELT_GONE_S, LATE_S = (22.0, 30.0), (70.0, 84.0), 4.0  # LATE_S: until all have noticed, or are back
STARTED_S, SECONDS = 16.0, 94.0
TAKEN_OVER_S = 5.0  # after LATE_S


async def drill(
    strap_id: str = "polar_h10",
    gone_s: tuple[tuple[float, float] | None, tuple[float, float] | None] = (BELT_GONE_S, STRAP_GONE_S),
    seconds: float = SECONDS,
) -> list[tuple[float, FeedbackFrame]]:
    """Guide a drill while belt and strap are away for a while; return what was shown, and when."""
    belt, strap = registry.device("vernier_gdx_rb"), registry.device(strap_id)
    away = [faults_of("" if span is None else "drop={}-{};silence=1".format(*span)) for span in gone_s]
    radio = VirtualRadio([VirtualDevice(belt, away[0]), VirtualDevice(strap, away[1])]).radio
    source = BleSource([(address(1), belt), (address(2), strap)], radio=radio, clock_ns=clock_ns)
    info = await source.open()
    plan = SessionPlan(registry.drill("diaphragmatic"), minutes=5.0, wearer="simulated")
    pipeline = Pipeline(plan, info.devices, info.t0_host_ns)
    shown: list[tuple[float, FeedbackFrame]] = []

    async def push(item: object) -> None:
        for output in pipeline.push(item):  # type: ignore[arg-type]
            if isinstance(output, Outbound):
                await source.request(output.device, output.request)

    async def read() -> None:
        async for item in source.events():
            await push(item)

    reading = asyncio.create_task(read())
    begun_s = asyncio.get_running_loop().time()
    started = False
    while (t_s := asyncio.get_running_loop().time() - begun_s) < seconds:
        await push(Advance(clock_ns()))
        if t_s > STARTED_S and not started:
            started = True
            await push(UserCommand(CommandKind.START, clock_ns()))
        shown.append((t_s, pipeline.frame()))
        await asyncio.sleep(0.1)
    await source.close()
    await reading
    return shown


@pytest.fixture(scope="module")
def shown() -> list[tuple[float, FeedbackFrame]]:
    return run_virtual(drill())


def during(shown: list[tuple[float, FeedbackFrame]], span: tuple[float, float]) -> list[FeedbackFrame]:
    return [frame for t_s, frame in shown if span[0] + LATE_S <= t_s < span[1]]


def links(frame: FeedbackFrame) -> list[LinkKind]:
    return [sensor.link for sensor in frame.sensors]


def test_the_drill_goes_on_without_the_second_device_and_says_that_it_is_lost(
    shown: list[tuple[float, FeedbackFrame]],
) -> None:
    frames = during(shown, STRAP_GONE_S)
    assert {frame.stage for frame in frames} <= {Stage.GLIDE, Stage.RUNNING}
    for frame in frames:
        belt, strap = frame.sensors
        assert (belt.link, strap.link) == (LinkKind.STREAMING, LinkKind.LOST)
        assert belt.message is None
        assert strap.message is not None
        assert strap.message.id == "link.dropped"
        assert frame.device is not None
        assert frame.device.state is not None
        assert frame.device.state.id == "signal.good"


def test_it_goes_on_with_the_strap_when_the_belt_is_gone(shown: list[tuple[float, FeedbackFrame]]) -> None:
    frames = during(shown, BELT_GONE_S)
    assert {frame.stage for frame in frames} <= {Stage.GLIDE, Stage.RUNNING}
    assert all(links(frame) == [LinkKind.LOST, LinkKind.STREAMING] for frame in frames)
    later = during(shown, (BELT_GONE_S[0] + TAKEN_OVER_S, BELT_GONE_S[1]))
    for frame in later:
        assert frame.device is not None
        assert "H10" in frame.device.name
        assert frame.rate_bpm is not None
        assert "source.belt" not in [source.id for source in frame.rate_sources]
        assert frame.t_s - frame.trace_t_s[-1] < 1.0


def test_the_trace_that_takes_over_goes_on_in_the_same_range(shown: list[tuple[float, FeedbackFrame]]) -> None:
    before = during(shown, (BELT_GONE_S[0] - 24.0, BELT_GONE_S[0]))[-1]
    after = during(shown, BELT_GONE_S)[-1]
    tail = after.trace_y[after.trace_t_s > after.t_s - 5.0]
    assert np.nanmax(tail) - np.nanmin(tail) < 2.0 * (np.nanmax(before.trace_y) - np.nanmin(before.trace_y))
    assert after.calibrated == before.calibrated


def test_what_was_said_is_gone_when_all_are_back(shown: list[tuple[float, FeedbackFrame]]) -> None:
    between = during(shown, (STRAP_GONE_S[1], BELT_GONE_S[0]))
    after = during(shown, (BELT_GONE_S[1], SECONDS))
    for frame in (*between, *after):
        assert links(frame) == [LinkKind.STREAMING] * 2
        assert [sensor.message for sensor in frame.sensors] == [None, None]


def test_while_it_waits_for_its_belt_the_rate_of_the_heart_is_shown_as_an_estimate() -> None:
    shown = run_virtual(drill("heart_rate_strap", ((70.0, 100.0), None), 104.0))
    waiting = during(shown, (70.0, 100.0))
    assert {frame.stage for frame in waiting} == {Stage.LOST}
    told = [frame for frame in waiting if frame.rate_bpm is not None]
    assert len(told) > 0.4 * len(waiting)
    for frame in told:
        assert frame.rate_estimated
        assert [source.id for source in frame.rate_sources] == ["source.rr"]
        assert (frame.rate_message, frame.quality) == (None, None)
        assert not len(frame.predicted_t_s)
    assert all(frame.rate_message is not None for frame in waiting if frame.rate_bpm is None)
