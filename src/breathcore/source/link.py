"""One wearable's link as a pure state machine: what happened, and when → which state it is in, and what is to be done.

Nothing here waits, reads a clock or knows a radio: whoever drives it (`breathcore.source.ble_link`) carries out the
actions, tells what came of them, and comes back at `LinkState.deadline_s` at the latest. Times are seconds of any clock
that only goes forward.

States, as `LinkKind`::

    CLOSED ─► WAITING ─► FOUND ─► CONNECTING ─► CONNECTED ─► STREAMING ◄─► STALLED
                 ▲  ▲      ▲          │             │            │            │
                 │  └──────┼──────────┘             ▼            ▼            ▼
                 └─────────┴───────────────────── LOST ◄─────────┴────────────┘

While a link is WAITING, FOUND or LOST the air is listened to. Each `Connect` is answered by exactly one `Disconnect`,
and what was told CONNECTED ends told LOST or CLOSED.
"""

import math
from dataclasses import dataclass, replace

from breathcore.model.packets import LinkKind, LinkReason
from breathcore.source.link_items import (
    Action,
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
    Occurrence,
    RadioBack,
    RadioGone,
    Start,
    Stop,
    Tell,
)
from breathcore.source.link_plan import LinkPlan, StreamRule

RECONNECT_AFTER = 3.0  # times the silence that is called a stall
MOST_PATIENCE = 16  # times the first-data limit between reconnects of a device that never sends
FIRST_PAUSE_S = 0.2
EARLY_S, EARLY_PAUSE_S, LATE_PAUSE_S = 60.0, 0.8, 10.0  # the longest pause in the first minute, and after it
BUSY_PAUSE_S = 0.3
TAKEN_AFTER_N = 3  # refusals in a row by a device that is heard: somebody else has it

_SEARCHING = {LinkKind.WAITING, LinkKind.FOUND, LinkKind.LOST}
_LINKED = {LinkKind.CONNECTED, LinkKind.STREAMING, LinkKind.STALLED}


@dataclass(frozen=True, slots=True)
class Flow:
    """How a stream goes: `last_s` is when it last sent or, before it has `begun`, when it was last asked to."""

    rule: StreamRule
    last_s: float
    begun: bool = False
    answer_due: bool = False


@dataclass(frozen=True, slots=True)
class LinkState:
    """Where a link stands.

    `reason` is why (while it is tried again: why the last attempt failed). `deadline_s` is when the machine must be
    asked again though nothing happened. `failures_n` counts failed attempts in a row since `search_s`, when the search
    began; no attempt is made before `retry_s`. `radio` is why the radio is away, None while it is there. `silent_n`
    counts connections in a row that brought nothing. `flows` are the streams of this connection.
    """

    kind: LinkKind = LinkKind.CLOSED
    reason: LinkReason | None = None
    deadline_s: float = math.inf
    search_s: float = -math.inf
    retry_s: float = -math.inf
    failures_n: int = 0
    radio: LinkReason | None = None
    silent_n: int = 0
    flows: tuple[Flow, ...] = ()

    @property
    def searching(self) -> bool:
        """Whether the air is to be listened to for this device."""
        return self.kind in _SEARCHING

    @property
    def held(self) -> bool:
        """Whether there is a connection, or an attempt to make one."""
        return self.kind is LinkKind.CONNECTING or self.kind in _LINKED


Step = tuple[LinkState, tuple[Action, ...]]


def step(plan: LinkPlan, state: LinkState, item: Occurrence, now_s: float, jitter: float = 0.5) -> Step:
    """Return what follows from `item` at `now_s`.

    `jitter` (0-1) is a fresh random number: two devices that failed together do not try again together. Whatever was
    due by now is done first, so that the new `deadline_s` always lies ahead; only data are looked at before silence is.
    """
    if state.kind is LinkKind.CLOSED:
        return _begin(plan, now_s) if isinstance(item, Start) else (state, ())
    if isinstance(item, Data):
        return _data(plan, state, item.endpoint, now_s, jitter)
    state, due = _overdue(plan, state, now_s, jitter)
    state, actions = _take(plan, state, item, now_s, jitter)
    return state, due + actions


def _take(plan: LinkPlan, state: LinkState, item: Occurrence, now_s: float, jitter: float) -> Step:
    match item:
        case Stop():
            closed = LinkState(LinkKind.CLOSED, LinkReason.ENDED)
            return closed, (*_let_go(state), Tell(closed.kind, closed.reason))
        case Heard():
            return _heard(plan, state, now_s)
        case Connected() if state.kind is LinkKind.CONNECTING:
            return _tell(replace(state, kind=LinkKind.CONNECTED, reason=None, deadline_s=now_s + plan.configure_s))
        case Configured(endpoints) if state.kind is LinkKind.CONNECTED:
            flows = tuple(Flow(r, now_s) for r in plan.streams if r.endpoints & endpoints)
            return _timed(plan, replace(state, flows=flows)), ()
        case Failed(reason):
            return _failed(plan, state, reason, now_s, jitter)
        case Busy() if state.kind is LinkKind.CONNECTING:
            again_s = now_s + BUSY_PAUSE_S * (0.5 + 0.5 * jitter)
            return _searching(plan, state, LinkKind.WAITING, state.reason, now_s, again_s)
        case Asked(endpoint):
            return _asked(plan, state, endpoint, now_s), ()
        case Dropped():
            return _dropped(plan, state, now_s, jitter)
        case RadioGone(reason):
            return _without_radio(replace(state, radio=reason))
        case RadioBack() if state.radio is not None:
            return _radio_back(plan, state, now_s)
    return state, ()


def _begin(plan: LinkPlan, now_s: float) -> Step:
    fresh = LinkState(LinkKind.WAITING, None, now_s + plan.find_s, search_s=now_s)
    return fresh, (Tell(fresh.kind, None),)


def _overdue(plan: LinkPlan, state: LinkState, now_s: float, jitter: float) -> Step:
    """Do what had to be done by `now_s`."""
    done: tuple[Action, ...] = ()
    while now_s >= state.deadline_s:
        state, actions = _due(plan, state, now_s, jitter)
        done += actions
    return state, done


def _due(plan: LinkPlan, state: LinkState, now_s: float, jitter: float) -> Step:
    match state.kind:
        case LinkKind.WAITING:
            return _tell(replace(state, reason=LinkReason.NOT_FOUND, deadline_s=math.inf))
        case LinkKind.FOUND:
            return _connect(plan, state, now_s)
        case LinkKind.CONNECTING:
            return _failed(plan, state, LinkReason.CONNECT_TIMEOUT, now_s, jitter)
        case LinkKind.CONNECTED if not state.flows:  # still subscribing
            return _failed(plan, state, LinkReason.CONNECT_TIMEOUT, now_s, jitter)
        case LinkKind.STALLED:
            return _give_up(plan, state, now_s)
    stalled = replace(state, kind=LinkKind.STALLED, reason=LinkReason.SILENT)
    return _tell(_timed(plan, stalled))


def _heard(plan: LinkPlan, state: LinkState, now_s: float) -> Step:
    if state.kind not in (LinkKind.WAITING, LinkKind.LOST):
        return state, ()
    reason = state.reason if state.failures_n else None
    found, told = _tell(replace(state, kind=LinkKind.FOUND, reason=reason, radio=None, deadline_s=state.retry_s))
    if now_s < found.retry_s:
        return found, told
    connecting, actions = _connect(plan, found, now_s)
    return connecting, told + actions


def _connect(plan: LinkPlan, state: LinkState, now_s: float) -> Step:
    connecting, told = _tell(replace(state, kind=LinkKind.CONNECTING, deadline_s=now_s + plan.connect_s))
    return connecting, (*told, Connect())


def _failed(plan: LinkPlan, state: LinkState, reason: LinkReason, now_s: float, jitter: float) -> Step:
    if state.kind not in (LinkKind.CONNECTING, LinkKind.CONNECTED):
        return state, ()
    failures_n = state.failures_n + 1
    if reason is LinkReason.REFUSED and failures_n >= TAKEN_AFTER_N:
        reason = LinkReason.TAKEN
    kind = LinkKind.WAITING if state.kind is LinkKind.CONNECTING else LinkKind.LOST
    retry_s = now_s + _pause_s(failures_n, now_s - state.search_s, jitter)
    return _searching(plan, replace(state, failures_n=failures_n), kind, reason, now_s, retry_s)


def _pause_s(failures_n: int, searched_s: float, jitter: float) -> float:
    longest_s = EARLY_PAUSE_S if searched_s < EARLY_S else LATE_PAUSE_S
    return min(longest_s, FIRST_PAUSE_S * 2.0 ** min(failures_n - 1, 10)) * (0.5 + 0.5 * jitter)


def _dropped(plan: LinkPlan, state: LinkState, now_s: float, jitter: float) -> Step:
    if state.kind is LinkKind.CONNECTING:
        return _failed(plan, state, LinkReason.CONNECT_FAILED, now_s, jitter)
    if state.kind is LinkKind.CONNECTED:  # it has not sent a thing: not at once again
        return _failed(plan, state, LinkReason.DROPPED, now_s, jitter)
    if state.kind not in _LINKED:
        return state, ()
    return _searching(plan, _fresh(state, now_s), LinkKind.LOST, LinkReason.DROPPED, now_s, now_s)


def _give_up(plan: LinkPlan, state: LinkState, now_s: float) -> Step:
    """Reconnect to a device that is silent; ever more patiently to one that never sends what is wanted of it."""
    _, never = _begun_and_not(state.flows)
    silent_n = state.silent_n + 1 if never else 0
    fresh = replace(_fresh(state, now_s), silent_n=silent_n)
    return _searching(plan, fresh, LinkKind.LOST, LinkReason.SILENT, now_s, now_s)


def _fresh(state: LinkState, now_s: float) -> LinkState:
    """Return the state at the start of a new search."""
    return replace(state, search_s=now_s, failures_n=0)


def _searching(
    plan: LinkPlan, state: LinkState, kind: LinkKind, reason: LinkReason | None, now_s: float, retry_s: float
) -> Step:
    """Let go of what is held and look for the device."""
    deadline_s = now_s + plan.find_s if kind is LinkKind.WAITING else math.inf
    after = replace(state, kind=kind, reason=reason, deadline_s=deadline_s, retry_s=retry_s, flows=())
    after, told = _tell(after)
    after, gone = _without_radio(after)
    return after, (*_let_go(state), *told, *gone)


def _without_radio(state: LinkState) -> Step:
    """Return a search as it goes on without a radio; a link that still holds is not touched."""
    if state.radio is None or not state.searching:
        return state, ()
    waiting = replace(state, kind=LinkKind.WAITING, reason=state.radio, deadline_s=math.inf)
    same = (state.kind, state.reason) == (waiting.kind, waiting.reason)
    return (waiting, ()) if same else _tell(waiting)


def _radio_back(plan: LinkPlan, state: LinkState, now_s: float) -> Step:
    back = replace(state, radio=None)
    if state.kind is not LinkKind.WAITING:
        return back, ()
    return _tell(replace(_fresh(back, now_s), reason=None, deadline_s=now_s + plan.find_s, retry_s=now_s))


def _let_go(state: LinkState) -> tuple[Action, ...]:
    return (Disconnect(),) if state.held else ()


def _tell(state: LinkState) -> Step:
    return state, (Tell(state.kind, state.reason),)


# ── silence ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _data(plan: LinkPlan, state: LinkState, endpoint: str, now_s: float, jitter: float) -> Step:
    if state.kind not in _LINKED:
        return _overdue(plan, state, now_s, jitter)
    flows = tuple(_sent(f, now_s) if endpoint in f.rule.endpoints else f for f in state.flows)
    state = replace(state, flows=flows)
    told: tuple[Action, ...] = ()
    if _resumed(plan, state, now_s):
        state, told = _tell(replace(state, kind=LinkKind.STREAMING, reason=None, failures_n=0))
    state, due = _overdue(plan, _timed(plan, state) if flows else state, now_s, jitter)
    return state, told + due


def _resumed(plan: LinkPlan, state: LinkState, now_s: float) -> bool:
    """Whether data that have come just now make it a streaming link."""
    if state.kind is LinkKind.STALLED:
        return now_s < _limits_s(plan, state)[0]
    return state.kind is LinkKind.CONNECTED and any(f.begun for f in state.flows)


def _sent(flow: Flow, now_s: float) -> Flow:
    if flow.answer_due:
        return replace(flow, answer_due=False)
    return replace(flow, last_s=now_s, begun=True)


def _asked(plan: LinkPlan, state: LinkState, endpoint: str, now_s: float) -> LinkState:
    """Give a stream that is asked for something its time to begin anew."""
    id_ = endpoint.partition(".")[0]
    flows = tuple(
        replace(f, last_s=now_s, begun=False, answer_due=f.rule.answers) if f.rule.id == id_ else f for f in state.flows
    )
    if flows == state.flows or state.kind is LinkKind.STALLED:  # asking alone ends no stall
        return state
    return _timed(plan, replace(state, flows=flows))


def _timed(plan: LinkPlan, state: LinkState) -> LinkState:
    """Return a linked state with the deadline that its streams give it."""
    stall_s, give_up_s = _limits_s(plan, state)
    return replace(state, deadline_s=give_up_s if state.kind is LinkKind.STALLED else stall_s)


def _limits_s(plan: LinkPlan, state: LinkState) -> tuple[float, float]:
    """Return when silence becomes a stall, and when a stall becomes a loss.

    Any sampled stream that stops is a stall, whatever else goes on. Events may be rare and one kind of them may stop,
    so they decide only where no sampled stream has begun, and only all together.
    """
    begun, never = _begun_and_not(state.flows)
    choose = min if any(f.rule.sampled for f in begun) else max
    stalls_s = [choose(f.last_s + f.rule.limit_s for f in begun)] if begun else []
    losses_s = [choose(f.last_s + RECONNECT_AFTER * f.rule.limit_s for f in begun)] if begun else []
    if never:
        asked_s = min(f.last_s for f in never)
        patience = 1 + min(2**state.silent_n, MOST_PATIENCE)
        stalls_s.append(asked_s + plan.first_data_s)
        losses_s.append(asked_s + patience * plan.first_data_s)
    return min(stalls_s, default=math.inf), min(losses_s, default=math.inf)


def _begun_and_not(flows: tuple[Flow, ...]) -> tuple[list[Flow], list[Flow]]:
    """Return the streams whose silence counts: those that have begun, and those that still have to begin."""
    sampled = [f for f in flows if f.rule.sampled]
    begun = [f for f in sampled if f.begun] or [f for f in flows if f.begun]
    if sampled:
        return begun, [f for f in sampled if not f.begun]
    return begun, [] if begun else list(flows)
