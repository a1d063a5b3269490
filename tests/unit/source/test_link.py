"""A link's state machine: stalls, losses and retries, clause by clause, with time passed in."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legal_links import LEGAL

from breathcore.model.device import (
    ChannelSpec,
    CharacteristicSpec,
    CharacteristicUse,
    ClockKind,
    DeviceSpec,
    EndpointSpec,
    MatchSpec,
    Role,
    worn,
)
from breathcore.model.packets import LinkKind, LinkReason
from breathcore.session import registry
from breathcore.source.link import LinkState, step
from breathcore.source.link_items import (
    Asked,
    Busy,
    Configured,
    Connect,
    Connected,
    Data,
    Disconnect,
    Dropped,
    Failed,
    Heard,
    RadioBack,
    RadioGone,
    Start,
    Stop,
    Tell,
    Tick,
)
from breathcore.source.link_plan import LinkPlan, StreamRule, plan_for

K, R, USE = LinkKind, LinkReason, CharacteristicUse
ACC = StreamRule("pmd", frozenset({"pmd.data"}), 0.2, sampled=True, answers=False)
HR = StreamRule("hr", frozenset({"hr.measurement"}), 1.0, sampled=False, answers=False)
BREATHS = StreamRule("resp", frozenset({"resp.data"}), 4.0, sampled=False, answers=False)
BELT = StreamRule("gdx", frozenset({"gdx.response"}), 0.1, sampled=True, answers=True)


class Bench:
    """A machine, its clock, and what it has said and asked for."""

    def __init__(self, *streams: StreamRule, first_data_s: float = 35.0) -> None:
        self.plan = LinkPlan(streams, first_data_s)
        self.state, self.now_s = LinkState(), 100.0
        self.told: list[str] = []
        self.done: list[object] = []

    def take(self, item, at_s: float | None = None, jitter: float = 0.5) -> None:
        self.now_s = self.now_s if at_s is None else at_s
        self.state, actions = step(self.plan, self.state, item, self.now_s, jitter)
        for action in actions:
            if isinstance(action, Tell):
                self.told.append(f"{action.kind.value} {action.reason.value}" if action.reason else action.kind.value)
            else:
                self.done.append(action)

    def until(self, to_s: float, data: dict[str, float] | None = None) -> None:
        """Let time pass; `data` is endpoint → seconds between its notifications."""
        steps = [(s, Data(e)) for e, dt_s in (data or {}).items() for s in times(self.now_s, to_s, dt_s)]
        for at_s, item in sorted(steps, key=lambda x: x[0]):
            self.pass_to(at_s)
            self.take(item, at_s)
        self.pass_to(to_s)

    def pass_to(self, to_s: float) -> None:
        while self.state.deadline_s <= to_s:
            self.take(Tick(), self.state.deadline_s)
        self.now_s = to_s

    def stream(self) -> None:
        """Come to the point where data are waited for."""
        for item in (
            Start(),
            Heard(),
            Connected(),
            Configured(frozenset().union(*(r.endpoints for r in self.plan.streams))),
        ):
            self.take(item)


def times(from_s: float, to_s: float, dt_s: float) -> list[float]:
    return [from_s + k * dt_s for k in range(1, int((to_s - from_s) / dt_s) + 1)]


# ── the way to data ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_usual_way_is_told_step_by_step():
    bench = Bench(ACC, HR)
    bench.stream()
    bench.take(Data("pmd.data"), 101.0)
    bench.take(Stop())
    assert bench.told == ["waiting", "found", "connecting", "connected", "streaming", "closed ended"]
    assert bench.done == [Connect(), Disconnect()]


def test_replies_of_a_control_point_are_no_data():
    bench = Bench(ACC)
    bench.stream()
    bench.take(Data("pmd.control"), 101.0)
    assert bench.state.kind is K.CONNECTED


def test_where_answers_and_data_share_a_characteristic_the_answer_to_a_write_is_no_data():
    bench = Bench(BELT)
    bench.stream()
    bench.take(Asked("gdx.command"))
    bench.take(Data("gdx.response"), 100.1)
    assert bench.state.kind is K.CONNECTED
    bench.take(Data("gdx.response"), 100.2)
    assert bench.state.kind is K.STREAMING


def test_a_device_nobody_hears_is_said_to_be_missing_once():
    bench = Bench(HR)
    bench.take(Start())
    bench.until(1000.0)
    assert bench.told == ["waiting", "waiting not-found"]


def test_an_attempt_that_hangs_is_given_up_at_its_limit():
    bench = Bench(HR)
    bench.take(Start())
    bench.take(Heard())
    bench.until(100.0 + bench.plan.connect_s)
    assert bench.told[-1] == "waiting connect-timeout"
    assert bench.done == [Connect(), Disconnect()]


def test_subscriptions_that_hang_are_given_up_at_their_limit():
    bench = Bench(HR)
    for item in (Start(), Heard(), Connected()):
        bench.take(item)
    bench.until(100.0 + bench.plan.configure_s)
    assert bench.told[-1] == "lost connect-timeout"
    assert bench.done == [Connect(), Disconnect()]


# ── failures and pauses ──────────────────────────────────────────────────────────────────────────────────────────────


def pauses(jitter: float, seconds: float) -> list[tuple[float, float]]:
    """(when, pause) of each retry of a device that is heard all the time and always fails at once."""
    bench, found = Bench(HR), []
    bench.take(Start())
    bench.take(Heard(), jitter=jitter)
    while bench.now_s < 100.0 + seconds:
        failed_s = bench.now_s
        bench.take(Failed(R.CONNECT_FAILED), jitter=jitter)
        bench.take(Heard(), jitter=jitter)
        bench.pass_to(bench.state.deadline_s)
        assert bench.state.kind is K.CONNECTING
        found.append((failed_s - 100.0, bench.now_s - failed_s))
    return found


@pytest.mark.parametrize("jitter", [0.0, 0.5, 1.0])
def test_failed_connects_are_tried_again_within_2_s_in_the_first_minute_and_10_s_after_it(jitter):
    found = pauses(jitter, 300.0)
    assert max(pause for at, pause in found if at < 60.0) <= 2.0
    assert max(pause for _, pause in found) <= 10.0
    assert max(pause for at, pause in found if at > 60.0) > 2.0


def test_two_that_failed_together_do_not_try_together():
    assert pauses(0.1, 10.0) != pauses(0.9, 10.0)


def test_refusals_in_a_row_mean_that_somebody_else_has_the_device():
    bench = Bench(HR)
    bench.take(Start())
    for _ in range(3):
        bench.take(Heard())
        bench.until(bench.now_s + 2.0)
        bench.take(Failed(R.REFUSED))
    assert [t for t in bench.told if t.startswith("waiting ")] == [
        "waiting refused",
        "waiting refused",
        "waiting taken",
    ]


def test_a_busy_radio_counts_as_no_failure():
    bench = Bench(HR)
    bench.take(Start())
    bench.take(Heard())
    bench.take(Busy())
    assert bench.state.failures_n == 0
    bench.take(Heard())
    assert bench.state.deadline_s - bench.now_s < 0.5


def test_after_a_drop_the_next_advertisement_is_answered_at_once():
    bench = Bench(ACC)
    bench.stream()
    bench.take(Data("pmd.data"), 101.0)
    bench.take(Dropped(), 102.0)
    assert bench.state.searching
    bench.take(Heard(), 102.0)
    assert bench.told[-3:] == ["lost dropped", "found", "connecting"]


def test_a_radio_that_goes_takes_the_search_along_and_brings_it_back():
    bench = Bench(ACC)
    bench.stream()
    bench.take(Data("pmd.data"), 101.0)
    bench.take(RadioGone(R.ADAPTER_OFF), 101.1)
    assert bench.state.kind is K.STREAMING  # a scan that does not start proves nothing about a link that holds
    bench.take(Dropped(), 101.2)
    bench.until(500.0)
    bench.take(RadioBack())
    bench.take(Heard())
    assert bench.told[-5:] == ["lost dropped", "waiting adapter-off", "waiting", "found", "connecting"]


# ── silence ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("interval_s", "limit_s"), [(0.01, 1.5), (0.2, 1.5), (0.5, 1.5), (0.6, 1.8), (5.0, 15.0)])
def test_stalled_is_no_data_for_max_of_1500_ms_and_three_intervals_and_lost_three_times_that(interval_s, limit_s):
    bench = Bench(replace(ACC, interval_s=interval_s))
    bench.stream()
    bench.take(Data("pmd.data"), 101.0)
    bench.until(101.0 + limit_s - 0.001)
    assert bench.state.kind is K.STREAMING
    bench.until(101.0 + limit_s + 0.001)
    assert bench.told[-1] == "stalled silent"
    bench.until(101.0 + 3 * limit_s - 0.001)
    assert bench.state.kind is K.STALLED
    bench.until(101.0 + 3 * limit_s + 0.001)
    assert bench.told[-1] == "lost silent"
    assert bench.done == [Connect(), Disconnect()]


def test_a_stall_ends_with_the_next_data():
    bench = Bench(ACC)
    bench.stream()
    bench.take(Data("pmd.data"), 101.0)
    bench.until(104.0)
    bench.take(Data("pmd.data"))
    assert bench.told[-2:] == ["stalled silent", "streaming"]
    assert bench.done == [Connect()]


def test_a_stall_ends_at_once_where_the_link_breaks():
    bench = Bench(ACC)
    bench.stream()
    bench.take(Data("pmd.data"), 101.0)
    bench.until(103.0)
    bench.take(Dropped())
    assert bench.told[-2:] == ["stalled silent", "lost dropped"]


def test_sampled_data_that_stop_are_a_stall_though_the_heart_rate_goes_on():
    bench = Bench(ACC, HR)
    bench.stream()
    bench.until(110.0, {"pmd.data": 0.2, "hr.measurement": 1.0})
    bench.until(112.0, {"hr.measurement": 1.0})
    assert bench.told[-1] == "stalled silent"
    bench.until(115.0, {"hr.measurement": 1.0})
    assert bench.told[-1] == "lost silent"


def test_a_heart_rate_that_stops_is_no_stall_while_samples_flow():
    bench = Bench(ACC, HR)
    bench.stream()
    bench.until(110.0, {"pmd.data": 0.2, "hr.measurement": 1.0})
    bench.until(400.0, {"pmd.data": 0.2})
    assert bench.told[-1] == "streaming"


def test_a_device_that_never_sends_is_told_and_reconnected_ever_more_patiently():
    bench = Bench(ACC, first_data_s=6.0)
    bench.stream()
    lost_s: list[float] = []
    for _ in range(7):
        begun_s = bench.now_s
        bench.pass_to(bench.state.deadline_s)
        assert bench.told[-1] == "stalled silent"
        assert bench.now_s - begun_s == pytest.approx(6.0)
        bench.pass_to(bench.state.deadline_s)
        assert bench.told[-1] == "lost silent"
        lost_s.append(bench.now_s - begun_s)
        for item in (Heard(), Connected(), Configured(ACC.endpoints)):
            bench.take(item)
    assert lost_s == sorted(lost_s)
    assert (lost_s[0], lost_s[-1]) == (pytest.approx(12.0), pytest.approx(6.0 * 17))


# ── healthy devices that are slow ────────────────────────────────────────────────────────────────────────────────────


def channel(role: Role, rate_hz: float, every_s: float) -> ChannelSpec:
    return ChannelSpec(role.value, role, "x", ("x",), rate_hz, every_s)


def wearable(first_s: float, *endpoints: tuple[str, tuple[ChannelSpec, ...]]) -> DeviceSpec:
    control = CharacteristicSpec("control", "2", (USE.WRITE, USE.INDICATE))
    data = CharacteristicSpec("data", "1", (USE.NOTIFY,))
    made = tuple(EndpointSpec(id_, "x", id_, (control, data), channels) for id_, channels in endpoints)
    return DeviceSpec("x", "X", MatchSpec(), made, "chest", ClockKind.NONE, first_s)


def run(spec: DeviceSpec, data: dict[str, list[float]]) -> list[str]:
    """What is told of a device that sends at these times (s after the subscriptions), asked for all of it at once."""
    bench = Bench()
    bench.plan = plan_for(spec, find_s=15.0, connect_s=10.0, configure_s=15.0)
    bench.stream()
    for endpoint in data:
        bench.take(Asked(endpoint.partition(".")[0] + ".control"), 100.1)
    for at_s, endpoint in sorted((100.0 + s, e) for e, moments in data.items() for s in moments):
        bench.pass_to(at_s)
        bench.take(Data(endpoint), at_s)
    return bench.told[4:]


@pytest.mark.parametrize("first_s", [0.5, 25.0, 30.0])
def test_a_healthy_h10_whose_first_ecg_comes_after_30_s_is_never_called_stalled(first_s):
    h10 = registry.device("polar_h10")
    ecg_only = replace(
        h10,
        endpoints=tuple(
            replace(e, channels=tuple(c for c in e.channels if c.role is not Role.CHEST_ACC)) for e in h10.endpoints
        ),
    )
    ecg, heart = [first_s, *times(first_s, 90.0, 0.5615)], times(0.0, 90.0, 1.0)
    assert run(ecg_only, {"pmd.data": ecg}) == ["streaming"]
    assert run(ecg_only, {"pmd.data": ecg, "heart_rate.measurement": heart}) == ["streaming"]
    both = sorted([*ecg, *times(0.4, 90.0, 0.18)])
    assert run(h10, {"pmd.data": both, "heart_rate.measurement": heart}) == ["streaming"]


def test_a_verity_in_ppi_mode_is_never_called_stalled():
    """Beats in a first batch after 25 s, then every 5 s, and the heart rate no more often than that."""
    verity = worn(registry.device("polar_verity_sense"))
    every_5_s = [25.0, *times(25.0, 300.0, 5.0)]
    assert run(verity, {"pmd.data": every_5_s, "heart_rate.measurement": every_5_s}) == ["streaming"]
    assert run(verity, {"pmd.data": every_5_s}) == ["streaming"]


@given(st.lists(st.floats(2.0, 20.0), min_size=3, max_size=30))
def test_a_hexoskin_at_one_packet_a_breath_is_never_called_stalled(breaths_s):
    hexoskin = worn(registry.device("hexoskin_smart"))
    ends = [sum(breaths_s[: k + 1]) for k in range(len(breaths_s))]
    heart = times(0.0, ends[-1], 1.0)
    assert run(hexoskin, {"respiration.measurement": ends, "heart_rate.measurement": heart}) == ["streaming"]
    assert run(hexoskin, {"respiration.measurement": ends}) == ["streaming"]


@pytest.mark.parametrize("id_", sorted(p.stem for p in (Path(__file__).parents[3] / "devices").glob("*.toml")))
def test_every_wearable_at_its_own_pace_is_never_called_stalled(id_):
    """First data at its latest time, then at the usual intervals."""
    spec = registry.device(id_)
    plan = plan_for(spec, find_s=15.0, connect_s=10.0, configure_s=15.0)
    first_s = spec.time_to_first_data_s
    data = {min(r.endpoints): [first_s, *times(first_s, first_s + 40.0, r.interval_s)] for r in plan.streams}
    assert data
    assert run(spec, data) == ["streaming"]


def test_a_battery_is_no_stream():
    spec = wearable(1.0, ("battery", ()), ("level", (channel(Role.BATTERY, 0.0, 60.0),)))
    assert plan_for(spec, find_s=1.0, connect_s=1.0, configure_s=1.0).streams == ()


# ── whatever happens ─────────────────────────────────────────────────────────────────────────────────────────────────

ENDPOINTS = ["pmd.data", "pmd.control", "hr.measurement", "gdx.response", "battery.level"]
ITEMS = st.one_of(
    st.sampled_from(
        [Start(), Stop(), Tick(), Heard(), Heard(), Heard(), Connected(), Connected(), Busy(), Dropped(), RadioBack()]
    ),
    st.sampled_from(ENDPOINTS).map(Data),
    st.sampled_from(ENDPOINTS).map(Asked),
    st.sampled_from(list(R)).map(Failed),
    st.sampled_from([R.ADAPTER_OFF, R.NO_SERVICE]).map(RadioGone),
    st.frozensets(st.sampled_from(ENDPOINTS)).map(Configured),
)
HISTORY = st.lists(
    st.tuples(ITEMS, st.one_of(st.just(0.0), st.floats(0.0, 3.0), st.floats(0.0, 200.0)), st.floats(0.0, 1.0)),
    max_size=60,
)


@given(HISTORY)
def test_any_history_keeps_to_the_legal_ways_with_one_connection_and_deadlines_ahead(history):
    plan = LinkPlan((ACC, HR, BELT), 6.0)
    state, now_s, shown, held = LinkState(), 0.0, K.CLOSED, 0
    for item, later_s, jitter in [(Start(), 0.0, 0.5), *history]:
        now_s += later_s
        before = state
        state, actions = step(plan, state, item, now_s, jitter)
        for action in actions:
            if isinstance(action, Tell):
                assert action.kind in LEGAL[shown]
                shown = action.kind
            else:
                held += 1 if isinstance(action, Connect) else -1
                assert held in (0, 1)
        assert shown is state.kind
        assert held == state.held
        assert state.deadline_s > now_s
        if before.kind is K.CLOSED and not isinstance(item, Start):
            assert (state, actions) == (before, ())
        if isinstance(item, Stop):
            assert state.kind is K.CLOSED


@given(HISTORY)
def test_after_any_history_a_device_that_is_there_streams_again(history):
    plan = LinkPlan((ACC, HR, BELT), 6.0)
    state, now_s = LinkState(), 0.0
    for item, later_s, jitter in [(Start(), 0.0, 0.5), *history]:
        now_s += later_s
        state, _ = step(plan, state, item, now_s, jitter)
    everything = Configured(frozenset(ENDPOINTS))
    for item in (Start(), RadioBack(), Dropped(), Heard()):
        state, _ = step(plan, state, item, now_s)
    if state.deadline_s < math.inf and state.kind is K.FOUND:
        state, _ = step(plan, state, Tick(), now_s := state.deadline_s)
    for item in (Connected(), everything, Data("pmd.data"), Data("gdx.response")):
        state, _ = step(plan, state, item, now_s)
    assert state.kind is K.STREAMING
