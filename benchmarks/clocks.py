"""How true the session times of several devices are to one another.

    python benchmarks/clocks.py [--seeds 20] [--seconds 180] [--case NAME …]

The simulation. Two devices are seen at once, each with a fixed delay of its own (20 and 8 ms), which is taken off:

- a strap with 36 samples a packet at 200 Hz, whose clock stamps every sample and is right to 50 ppm; the same in every
  case, so that each case is judged beside an ordinary device;
- the device of the case: 10 samples a packet at 100 Hz.

Each packet is late by an exponential delay of 50 ms on average (one-sided, never negative), order kept. Every 4 to 16 s
the radio lets nothing through for 2 s, and then everything at once ("bursts"); the two devices' stalls are not the
same. Packets may be lost: 1 in 100, and 1 s of them once a minute. "reconnect": at 60 s and 120 s the link is away for
5 s, packets of that time are lost.

The error is the difference of both devices' errors (session time given minus true time) at the same true time, every
20 ms, where both have samples. Printed per case: median and 95th percentile in ms after the first 10 s (for reconnects:
in the 10 s after each of them), the same for the first 10 s, and the share of samples given out.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from breathcore.model.blocks import RawBlock
from breathcore.model.device import ChannelSpec, Role
from breathcore.sync.clock import Synchroniser

JITTER_S = 0.05
STALL_S = 2.0
AWAY = ((60.0, 65.0), (120.0, 125.0))
FIRST_S = 10.0
STEP_S = 0.02
T0_HOST_S = 5000.0


@dataclass(frozen=True)
class Device:
    """A simulated device and its link. `skew` is the device clock's (or the true sample rate's) error."""

    rate_hz: float = 100.0
    packet_n: int = 10
    delay_s: float = 0.008
    skew: float = 50e-6
    stamped: bool = True
    counted: bool = True  # what is lost is known
    loss: float = 0.0
    away: bool = False  # reconnects
    restarts: bool = False  # its clock starts over when it is reconnected
    wraps_s: float = np.inf  # its clock falls back to 0 after so long


STRAP = Device(200.0, 36, 0.020)
CASES = {
    "own clock, 50 ppm": Device(),
    "own clock, -50 ppm": Device(skew=-50e-6),
    "own clock, 2 % fast": Device(skew=0.02),
    "own clock, 2 % slow": Device(skew=-0.02),
    "own clock, wraps at 90 s": Device(wraps_s=90.0),
    "own clock, packets lost": Device(loss=0.01),
    "own clock, reconnect": Device(away=True),
    "own clock, reconnect and restart": Device(away=True, restarts=True),
    "arrival only, 50 ppm": Device(stamped=False),
    "arrival only, 2 % fast": Device(stamped=False, skew=0.02),
    "arrival only, 2 % slow": Device(stamped=False, skew=-0.02),
    "arrival only, 1 sample a packet": Device(stamped=False, packet_n=1),
    "arrival only, reconnect": Device(stamped=False, away=True),
    "arrival only, 2 % fast, reconnect": Device(stamped=False, skew=0.02, away=True),
    "arrival only, lost and counted": Device(stamped=False, loss=0.01),
    "arrival only, lost, no counter": Device(stamped=False, counted=False, loss=0.01),
    "arrival only, lost, no counter, 1 sample": Device(stamped=False, counted=False, loss=0.01, packet_n=1),
}


@dataclass(frozen=True)
class Packet:
    """What arrives at once."""

    true_s: np.ndarray
    device_s: np.ndarray
    arrival_s: float
    lost_n: int
    reconnected: bool


def packets(device: Device, seconds: float, rng: np.random.Generator) -> Iterator[Packet]:
    """Yield what arrives of `seconds` of a device, in order."""
    stalls_s = _stalls(seconds, rng)
    count = np.arange(1, device.packet_n + 1)
    start_s, epoch_s, newest_s, lost_n, away = rng.uniform(0.0, 0.2), rng.uniform(0.0, 1e6), -np.inf, 0, False
    base = 0
    lost_s = {60.0 * k + rng.uniform(5.0, 55.0) for k in range(int(seconds // 60))} if device.loss else set()
    while True:
        true_s = start_s + (base + count) / (device.rate_hz * (1.0 + device.skew))
        base += device.packet_n
        if true_s[-1] > seconds:
            return
        device_s = epoch_s + (base - device.packet_n + count) / device.rate_hz
        if epoch_s < 1e9 and np.isfinite(device.wraps_s):
            device_s = device_s - epoch_s if true_s[0] < device.wraps_s else device_s - epoch_s - device.wraps_s
        gone = device.away and any(a <= true_s[-1] < b for a, b in AWAY)
        if gone or rng.random() < device.loss or any(s <= true_s[-1] < s + 1.0 for s in lost_s):
            away |= gone
            lost_n += device.packet_n
            continue
        reconnected, away = away, False
        if reconnected and device.restarts:
            epoch_s -= device_s[0] - rng.uniform(0.0, 5.0)
            device_s = device_s - device_s[0] + 1.0
            epoch_s = device_s[0] - (base - device.packet_n + 1) / device.rate_hz
        arrival_s = true_s[-1] + device.delay_s + rng.exponential(JITTER_S)
        for stall_s in stalls_s:
            if stall_s <= arrival_s < stall_s + STALL_S:
                arrival_s = stall_s + STALL_S
        newest_s = max(newest_s + 1e-4, arrival_s)
        known_n = 0 if reconnected or not device.counted else lost_n
        lost_n = 0
        yield Packet(true_s, device_s, newest_s, known_n, reconnected)


def _stalls(seconds: float, rng: np.random.Generator) -> list[float]:
    stalls_s, t_s = [], rng.uniform(0.0, 8.0)
    while t_s < seconds:
        stalls_s.append(t_s)
        t_s += STALL_S + rng.uniform(4.0, 16.0)
    return stalls_s


def errors(device: Device, seconds: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, float]:
    """Return true times and errors of the samples given out, and which share of all that arrived they are."""
    channel = ChannelSpec("x", Role.CHEST_ACC, "g", ("n",), device.rate_hz)
    clock = Synchroniser(T0_HOST_S)
    true_s: list[np.ndarray] = []
    out, sent_n = [], 0
    for packet in packets(device, seconds, rng):
        if packet.reconnected:
            out += clock.reconnected()
        number = sent_n + np.arange(len(packet.true_s))
        sent_n += len(number)
        true_s.append(packet.true_s)
        device_s = packet.device_s if device.stamped else None
        block = RawBlock(channel, number[:, None] * 1.0, device_s, T0_HOST_S + packet.arrival_s, packet.lost_n)
        out += clock.push(block)
    out += clock.flush()
    given_s = np.concatenate([b.t_s for b in out])
    assert (np.diff(given_s) > 0).all(), "session times must rise"
    truth_s = np.concatenate(true_s)
    taken_s = truth_s[np.concatenate([b.x[:, 0] for b in out]).astype(int)]
    return taken_s, given_s - taken_s - device.delay_s, len(taken_s) / len(truth_s)


def apart(device: Device, seconds: float, seed: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Return true times and how far the device and the strap are apart at them (s), and the share given out."""
    strap_s, strap_error_s, _ = errors(STRAP, seconds, np.random.default_rng([seed, 0]))
    own_s, own_error_s, share = errors(device, seconds, np.random.default_rng([seed, 1]))
    grid_s = np.arange(max(strap_s[0], own_s[0]), min(strap_s[-1], own_s[-1]), STEP_S)
    near = np.abs(own_s[np.minimum(np.searchsorted(own_s, grid_s), len(own_s) - 1)] - grid_s) < 0.2
    grid_s = grid_s[near]
    error_s = np.interp(grid_s, own_s, own_error_s) - np.interp(grid_s, strap_s, strap_error_s)
    return grid_s, np.abs(error_s), share


def judge(device: Device, seconds: float, seeds: Sequence[int]) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the errors of the case proper, those of the first 10 s, and the least share given out."""
    late, first, shares = [], [], []
    for seed in seeds:
        t_s, error_s, share = apart(device, seconds, seed)
        chosen = t_s >= FIRST_S
        if device.away:
            chosen = np.zeros(len(t_s), bool)
            for _, back_s in AWAY:
                chosen |= (t_s >= back_s) & (t_s < back_s + FIRST_S)
        late.append(error_s[chosen])
        first.append(error_s[t_s < FIRST_S])
        shares.append(share)
    return np.concatenate(late), np.concatenate(first), min(shares)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--case", nargs="*", default=list(CASES))
    arguments = parser.parse_args()
    print(f"{'ms between devices':42}{'median':>8}{'p95':>8}{'first 10 s':>14}{'p95':>8}{'given out':>12}")
    for name in arguments.case:
        late, first, share = judge(CASES[name], arguments.seconds, range(arguments.seeds))
        figures = (np.median(late), np.percentile(late, 95), np.median(first), np.percentile(first, 95))
        ms = [1e3 * f for f in figures]
        print(f"{name:42}{ms[0]:8.1f}{ms[1]:8.1f}{ms[2]:14.1f}{ms[3]:8.1f}{100 * share:11.2f}%")


if __name__ == "__main__":
    main()
