"""Analysis of whole recordings: the live code over big blocks."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from breathcore.estimate.chain import EstimatorFault, PersonEstimator
from breathcore.model.arrays import F64, frozen
from breathcore.model.blocks import SampleBlock
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.errors import Reason, SignalError
from breathcore.model.estimates import (
    Breath,
    EffortBlock,
    Estimate,
    HeartEstimate,
    PacedRate,
    Polarity,
    RateEstimate,
    Refusal,
)

AXES = {
    Role.BELT: 1,
    Role.ABDOMEN_BELT: 1,
    Role.CHEST_ACC: 3,
    Role.GYRO: 3,
    Role.ECG: 1,
    Role.RR: 2,
    Role.RESPIRATION_RATE: 2,
}
EVENTS = {Role.RR: "rr", Role.RESPIRATION_RATE: "rate"}  # rows begin with their time
_EMPTY = frozen(np.empty(0))


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """What a recording says, on its own time in seconds.

    Attributes
    ----------
    rate_t_s, rate_bpm, rate_live_bpm, quality : (n,)
        One value a second from t = 0: breaths/min over the last 32 s and the last 16 s (NaN: refused), and the
        quality 0–1.
    refusal : tuple of Refusal or None, n long
        Why there is no rate.
    breaths : tuple of Breath
        In order of confirmation; the last may be unfinished (NaN).
    effort_t_s, effort_y : (m,)
        The breath trace, rising on inhale, about 25 a second, with gaps where there is no signal.
    heart_t_s, heart_bpm : (k,)
        Heart rate at each beat (NaN: refused).
    source, heart_source : str or None
        The channels (roles) breath and heart were read from.
    faults : tuple of EstimatorFault
        Estimators that raised and were switched off: a fault of the program, worth reporting.
    """

    rate_t_s: F64
    rate_bpm: F64
    rate_live_bpm: F64
    quality: F64
    refusal: tuple[Refusal | None, ...]
    breaths: tuple[Breath, ...]
    effort_t_s: F64
    effort_y: F64
    heart_t_s: F64
    heart_bpm: F64
    source: str | None
    heart_source: str | None
    faults: tuple[EstimatorFault, ...]


def analyse(signals: Mapping[str, tuple[F64, float]]) -> Analysis:
    """Estimate breath and heart of a recording; causal: nothing at t depends on samples after t.

    Parameters
    ----------
    signals : mapping of role to (values, rate in Hz)
        Roles: ``belt`` and ``abdomen_belt`` (n,), any unit, rising on inhale; ``chest_acc`` (n, 3) in g;
        ``gyro`` (n, 3) in deg/s, worn on the trunk; ``ecg`` (n,), any unit; ``rr`` (n, 2): time of the beat and
        interval before it in s, rate 0; ``respiration_rate``
        (n, 2): time and the wearable's own rate, rate 0. All begin at t = 0. The rate is read from all of them
        together, trace and breaths from the best of the first three. Samples that are not finite count as missing. A
        breath below 5 Hz and an ECG below 100 Hz are not read: all is refused as ``no-sensor``.

    Raises
    ------
    SignalError
        UNKNOWN_ROLE, BAD_SHAPE, BAD_RATE, or NO_SIGNAL for an empty mapping.
    """
    if not signals:
        raise SignalError(Reason.NO_SIGNAL)
    blocks = [_block(name, values, rate) for name, (values, rate) in signals.items()]
    ends = [_end_s(block) for block in blocks]
    return analyse_blocks(blocks, [b.channel for b in blocks], max(ends))


def analyse_blocks(blocks: Iterable[SampleBlock], channels: Sequence[ChannelSpec], end_s: float) -> Analysis:
    """Estimate breath and heart from blocks (each channel's in order) up to session time `end_s`."""
    person = PersonEstimator(channels)
    return collect(estimate_blocks(person, blocks, end_s), person)


def estimate_blocks(
    person: PersonEstimator, blocks: Iterable[SampleBlock], end_s: float, known: Iterable[Polarity | PacedRate] = ()
) -> tuple[Estimate, ...]:
    """Return everything `person` says of `blocks` (each channel's in order) up to session time `end_s`.

    `known` is what the session knew besides the samples.
    """
    for item in known:
        person.push(item)
    found: list[Estimate] = []
    for block in _in_step(joined(blocks)):
        found += person.push(block)
    found += person.flush(end_s)
    return tuple(found)


def _in_step(blocks: Sequence[SampleBlock]) -> Iterator[SampleBlock]:
    """Yield the blocks second by second, as they would come live: no channel runs far ahead of another."""
    if len(blocks) < 2:
        yield from blocks
        return
    end_s = math.ceil(max((float(b.t_s[-1]) for b in blocks if len(b.t_s)), default=0.0)) + 1
    edges = [b.t_s.searchsorted(np.arange(0, end_s + 1)).tolist() for b in blocks]
    for second in range(end_s + 1):
        for block, edge in zip(blocks, edges, strict=True):
            first, last = edge[second - 1] if second else 0, edge[second]
            if last > first:
                yield SampleBlock(block.channel, block.t_s[first:last], block.x[first:last])


def joined(blocks: Iterable[SampleBlock]) -> list[SampleBlock]:
    """Return one block per channel; the estimators tell holes by the time stamps."""
    by_channel: dict[str, list[SampleBlock]] = {}
    for block in blocks:
        by_channel.setdefault(block.channel.id, []).append(block)
    return [_join(parts) for parts in by_channel.values()]


def _join(parts: list[SampleBlock]) -> SampleBlock:
    if len(parts) == 1:
        return parts[0]
    t_s, x = np.concatenate([p.t_s for p in parts]), np.concatenate([p.x for p in parts])
    return SampleBlock(parts[0].channel, frozen(t_s), frozen(x))


def _block(name: str, values: F64, rate_hz: float) -> SampleBlock:
    role = next((r for r in AXES if r.value == name), None)
    if role is None:
        raise SignalError(Reason.UNKNOWN_ROLE, role=name, known=", ".join(r.value for r in AXES))
    x = _numbers(name, values)
    if x.ndim == 1 and AXES[role] == 1:
        x = x[:, None]
    if x.ndim != 2 or x.shape[1] != AXES[role]:
        raise SignalError(Reason.BAD_SHAPE, role=name, shape=str(x.shape), axes=AXES[role])
    if role in EVENTS:
        return _events(role, x)
    if not (isinstance(rate_hz, int | float | np.number) and np.isfinite(rate_hz) and rate_hz > 0):
        raise SignalError(Reason.BAD_RATE, role=name, rate=str(rate_hz))
    axes = ("x", "y", "z")[: AXES[role]]
    channel = ChannelSpec(id=name, role=role, unit="", axes=axes, rate_hz=float(rate_hz))
    return SampleBlock(channel, frozen(np.arange(len(x)) / rate_hz), frozen(x))


def _numbers(name: str, values: F64) -> F64:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise SignalError(Reason.BAD_SHAPE, role=name, shape=str(error), axes=AXES[Role(name)]) from error


def _events(role: Role, x: F64) -> SampleBlock:
    x = x[np.isfinite(x).all(axis=1)]
    if (np.diff(x[:, 0]) <= 0).any():
        raise SignalError(Reason.BAD_SHAPE, role=role.value, shape="times must rise", axes=2)
    channel = ChannelSpec(id=role.value, role=role, unit="", axes=(EVENTS[role],), rate_hz=0.0)
    return SampleBlock(channel, frozen(x[:, 0]), frozen(x[:, 1:]))


def _end_s(block: SampleBlock) -> float:
    if not len(block.t_s):
        return 0.0
    return float(block.t_s[-1]) if block.channel.rate_hz == 0 else len(block.t_s) / block.channel.rate_hz


def collect(found: Sequence[Estimate], person: PersonEstimator) -> Analysis:
    """Return `found`, what `person` said, as arrays."""
    rates = [e for e in found if isinstance(e, RateEstimate)]
    efforts = [e for e in found if isinstance(e, EffortBlock)]
    beats = [e for e in found if isinstance(e, HeartEstimate)]
    return Analysis(
        rate_t_s=frozen([r.t_s for r in rates]),
        rate_bpm=frozen([r.rate_bpm for r in rates]),
        rate_live_bpm=frozen([r.rate_live_bpm for r in rates]),
        quality=frozen([r.quality for r in rates]),
        refusal=tuple(r.refusal for r in rates),
        breaths=tuple(e for e in found if isinstance(e, Breath)),
        effort_t_s=frozen(np.concatenate([e.t_s for e in efforts])) if efforts else _EMPTY,
        effort_y=frozen(np.concatenate([e.y for e in efforts])) if efforts else _EMPTY,
        heart_t_s=frozen([b.t_s for b in beats]),
        heart_bpm=frozen([b.hr_bpm for b in beats]),
        source=person.breath_source,
        heart_source=person.heart_source,
        faults=person.faults,
    )
