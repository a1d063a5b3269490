"""A strap's frames, damaged on their way: what is left comes out in order and in its place."""

from collections import Counter

import numpy as np
import pytest

from breathcore.decode.pmd import PmdCodec
from breathcore.decode.pmd_control import Measurement
from breathcore.decode.pmd_frames import UNSET_CLOCK_NS, encode_frame
from breathcore.model.blocks import FaultReason, SampleBlock
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.packets import Direction, Packet
from breathcore.sync.clock import Synchroniser

ACC = ChannelSpec("acc", Role.CHEST_ACC, "g", ("x", "y", "z"), 200.0)
FRAME_N, FRAMES_N = 36, 600
STEP_NS = FRAME_N * 5_000_000
SHARE = 0.05  # of packets that are damaged


def frames() -> list[bytes]:
    """x counts samples, y counts frames: where a sample belongs can be read off it."""
    out = []
    for n in range(FRAMES_N):
        count = n * FRAME_N + np.arange(FRAME_N)
        samples = np.stack([count % 30_000, np.full(FRAME_N, n), np.zeros(FRAME_N, int)], axis=1)
        out.append(encode_frame(Measurement.ACC, UNSET_CLOCK_NS + (n + 1) * STEP_NS, samples, 0x01))
    return out


def through(payloads: list[tuple[float, bytes]]) -> tuple[list[SampleBlock], Counter[FaultReason]]:
    codec, clock = PmdCodec("pmd", (ACC,)), Synchroniser(0.0)
    blocks: list[SampleBlock] = []
    faults: Counter[FaultReason] = Counter()
    for arrival_s, payload in payloads:
        received = codec.receive(Packet("strap", "pmd.data", Direction.NOTIFY, int(arrival_s * 1e9), payload))
        faults.update(f.reason for f in received.faults)
        blocks += [b for raw in received.blocks for b in clock.push(raw)]
    return blocks, faults


def arrivals(seed: int) -> list[tuple[float, bytes]]:
    rng = np.random.default_rng(seed)
    return [((n + 1) * STEP_NS * 1e-9 + float(rng.uniform(0, 0.03)), f) for n, f in enumerate(frames())]


def misplaced_s(blocks: list[SampleBlock]) -> np.ndarray:
    """Return how far from its place each sample lies, by what it says of itself."""
    times = np.concatenate([b.t_s for b in blocks])
    x = np.rint(np.concatenate([b.x for b in blocks]) * 1000)
    assert (np.diff(times) > 0).all()
    number = x[:, 1] * FRAME_N + (x[:, 0] - x[:, 1] * FRAME_N) % 30_000
    return np.abs(times - (number + 1) * 0.005)


@pytest.mark.parametrize("seed", range(5))
def test_lost_duplicated_and_reordered_frames_leave_the_others_in_place(seed: int) -> None:
    rng = np.random.default_rng(seed)
    packets = arrivals(seed)
    untouched = 0
    damaged: list[tuple[float, bytes]] = []
    for n, (arrival_s, payload) in enumerate(packets):
        kind = rng.choice(["lose", "repeat", "late", "keep"], p=[SHARE, SHARE, SHARE, 1 - 3 * SHARE]) if n else "keep"
        if kind in ("keep", "repeat"):
            untouched += 1
            damaged += [(arrival_s, payload)] * (2 if kind == "repeat" else 1)
        if kind == "late":
            damaged.append((arrival_s + STEP_NS * 1.5e-9, payload))
    blocks, faults = through(sorted(damaged, key=lambda p: p[0]))
    assert misplaced_s(blocks).max() <= 0.05
    assert sum(len(b.t_s) for b in blocks) >= 0.99 * untouched * FRAME_N
    assert set(faults) == {FaultReason.NOT_RISING}
    assert sum(b.gap_before for b in blocks) >= 0.5 * SHARE * FRAMES_N


@pytest.mark.parametrize("seed", range(5))
def test_truncated_frames_are_counted_and_cost_only_themselves(seed: int) -> None:
    rng = np.random.default_rng(seed)
    hit = rng.random(FRAMES_N) < SHARE
    packets = [(t, p[: rng.integers(0, len(p))] if cut else p) for (t, p), cut in zip(arrivals(seed), hit, strict=True)]
    blocks, faults = through(packets)
    whole = np.concatenate([b.x for b in blocks])[:, 1]
    assert np.isin(np.flatnonzero(~hit), np.rint(np.unique(whole) * 1000)).all()
    assert 0 < faults[FaultReason.TRUNCATED] <= hit.sum()


@pytest.mark.parametrize("seed", range(10))
def test_corrupted_bytes_cost_little_more_than_their_frames(seed: int) -> None:
    rng = np.random.default_rng(seed)
    hit = rng.random(FRAMES_N) < SHARE
    packets = []
    for (arrival_s, payload), damaged in zip(arrivals(seed), hit, strict=True):
        raw = bytearray(payload)
        if damaged:
            raw[int(rng.integers(0, 20))] ^= int(rng.integers(1, 256))  # the header and the first samples
        packets.append((arrival_s, bytes(raw)))
    blocks, _ = through(packets)
    x = np.rint(np.concatenate([b.x for b in blocks]) * 1000)
    times = np.concatenate([b.t_s for b in blocks])
    assert (np.diff(times) > 0).all()
    frame = x[:, 1].astype(int)
    good = (frame >= 0) & (frame < FRAMES_N)
    good[good] = ~hit[frame[good]]
    right = np.abs(times - (frame * FRAME_N + (x[:, 0] - frame * FRAME_N) % 30_000 + 1) * 0.005) <= 0.06
    assert good[right].sum() >= 0.93 * (~hit).sum() * FRAME_N
    assert (good & ~right).sum() <= 0.02 * good.sum()
