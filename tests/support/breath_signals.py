"""Simulated breath as each kind of sensor sees it, and noise that looks like none: for what holds for every reader."""

from dataclasses import dataclass

import numpy as np

from breathcore.model.device import Role

F64 = np.ndarray
BREATH_ROLES = (Role.BELT, Role.ABDOMEN_BELT, Role.CHEST_ACC, Role.ECG, Role.RR)
NATIVE_HZ = {Role.BELT: 20.0, Role.ABDOMEN_BELT: 64.0, Role.CHEST_ACC: 100.0, Role.ECG: 130.0, Role.RR: 0.0}
HEART_S = 0.8  # mean interval of beats


@dataclass(frozen=True)
class Breathing:
    """One way to breathe and to be measured. `drift`, `step` in swings of the breath (a minute, at `step_s`)."""

    bpm: float = 12.0
    inhale_share: float = 0.4  # of the cycle: 0.2 is I:E 1:4, 0.667 is 2:1
    phase: float = 0.0
    drift: float = 0.0
    step: float = 0.0
    step_s: float = 60.0
    gap_s: tuple[float, float] = (0.0, 0.0)
    clock: float = 1.0  # how much faster than nominal the sensor's samples come
    scale: float = 1.0
    seconds: float = 120.0
    seed: int = 0

    def level(self, t: F64) -> F64:
        """Return the chest's level (n,), −1 … 1, inhale and exhale each half a cosine."""
        x = np.mod(t * self.bpm / 60.0 + self.phase, 1.0)
        share = self.inhale_share
        angle = np.where(x < share, x / share, 1.0 + (x - share) / (1.0 - share))
        return -np.cos(np.pi * angle)

    def swing(self, t: F64) -> F64:
        """Return the level with drift and step."""
        return self.level(t) + 2.0 * (self.drift * t / 60.0 + self.step * (t >= self.step_s))


def rng_of(b: Breathing) -> np.random.Generator:
    return np.random.default_rng([b.seed, 7])


def beats(b: Breathing) -> F64:
    """Return beat times: 75/min, faster while inhaling (6 % of the interval), and 1/f wander of 1 %."""
    n = int(b.seconds / HEART_S * 1.3)
    wander = 0.01 * noise("pink", n, b.seed)
    times, t = [], 0.3
    while t < b.seconds:
        times.append(t)
        t += HEART_S * (1.0 - 0.06 * float(b.level(np.array([t]))[0]) + float(wander[len(times) % n]))
    return np.array(times)


def signal(role: Role, b: Breathing, hz: float | None = None) -> tuple[F64, F64]:
    """Return session times (n,) and values (n, axes) of a sensor of `role`."""
    if role is Role.RR:
        at = beats(b)
        rr = np.round(np.diff(at) * 1024) / 1024
        return _with_gap(at[1:], rr[:, None], b)
    hz = NATIVE_HZ[role] if hz is None else hz
    t = np.arange(int(b.seconds * hz * b.clock)) / (hz * b.clock)
    made = {Role.CHEST_ACC: _acc, Role.ECG: _ecg}.get(role, _belt)
    return _with_gap(t, b.scale * made(t, b), b)


def _belt(t: F64, b: Breathing) -> F64:
    return (7.0 + b.swing(t) + 0.05 * rng_of(b).standard_normal(len(t)))[:, None]


def _acc(t: F64, b: Breathing) -> F64:
    tilt = np.radians(1.0) * b.swing(t)
    x = np.stack((0.3 + 0.0 * t, np.sin(0.5 + tilt), np.cos(0.5 + tilt)), axis=1)
    return x + 0.002 * rng_of(b).standard_normal(x.shape)


def _ecg(t: F64, b: Breathing) -> F64:
    """Return P, QRS and T at each beat, 12 % higher on inhale, on a baseline that sways by 5 %."""
    x = 0.05 * b.level(t) + 0.01 * rng_of(b).standard_normal(len(t))
    for beat in beats(b):
        first, last = np.searchsorted(t, (beat - 0.3, beat + 0.45))
        at = t[first:last] - beat
        wave = sum(h * np.exp(-(((at - m) / w) ** 2)) for h, m, w in _WAVES)
        x[first:last] += (1.0 + 0.12 * float(b.level(np.array([beat]))[0])) * wave
    return x[:, None]


_WAVES = ((0.12, -0.16, 0.035), (-0.1, -0.025, 0.012), (1.0, 0.0, 0.014), (-0.2, 0.03, 0.014), (0.25, 0.25, 0.06))


def _with_gap(t: F64, x: F64, b: Breathing) -> tuple[F64, F64]:
    kept = (t < b.gap_s[0]) | (t >= b.gap_s[1])
    return t[kept], x[kept]


def noise(kind: str, n: int, seed: int) -> F64:
    """Return (n,) of "white", "pink" (1/f power) or "walk", SD about 1 but for the walk."""
    white = np.random.default_rng([seed, 3]).standard_normal(n)
    if kind == "white":
        return white
    if kind == "walk":
        return np.cumsum(white)
    f = np.fft.rfftfreq(n)
    f[0] = f[1]
    pink = np.fft.irfft(np.fft.rfft(white) / np.sqrt(f), n)
    return pink / pink.std()


def noise_of(role: Role, kind: str, seconds: float, seed: int) -> tuple[F64, F64]:
    """Return what a sensor of `role` sends that sees nothing but noise."""
    if role is Role.RR:
        n = int(2 * seconds / HEART_S)
        wander = noise(kind, n, seed)
        rr = np.clip(HEART_S + 0.04 * wander / wander.std(), 0.4, 1.6)
        rr = np.round(rr * 1024) / 1024
        t = np.cumsum(rr)
        return t[t < seconds], rr[t < seconds, None]
    hz = NATIVE_HZ[role]
    n, axes = int(seconds * hz), 3 if role is Role.CHEST_ACC else 1
    x = np.stack([noise(kind, n, 10 * seed + k) for k in range(axes)], axis=1)
    if role is Role.CHEST_ACC:
        x = 0.02 * x / x.std(axis=0) + np.array([0.0, 0.0, 1.0])
    return np.arange(n) / hz, x
