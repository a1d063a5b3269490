"""breathcore and its peers, all asked the same question: a recording's signals → rates, quality, breaths."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import signal

import breathcore
from recordings import F64, NONE, STRIDE_S, WINDOW_S, Signals, rate_of


@dataclass(frozen=True)
class Found:
    """What a method says of a recording; None where it says nothing of the kind."""

    t_s: F64
    rate_bpm: F64
    quality: F64 | None = None
    inhale_s: F64 | None = None
    exhale_s: F64 | None = None


def product(signals: Signals) -> Found:
    a = breathcore.analyse(signals)
    onsets = [(b.inhale_onset_s, b.exhale_onset_s) for b in a.breaths]
    inhale_s, exhale_s = np.array(onsets).reshape(-1, 2).T
    return Found(a.rate_t_s, a.rate_bpm, a.quality, inhale_s, exhale_s)


def only(signals: Signals) -> tuple[str, F64, float]:
    """Return the one signal there is: the peers take one."""
    ((role, (x, hz)),) = signals.items()
    return role, x, hz


def constant(guess_bpm: float, seconds: float) -> Found:
    t = np.arange(0.0, seconds, STRIDE_S)
    return Found(t, np.full(len(t), float(guess_bpm)))


def main_axis(acc: F64, hz: float) -> tuple[F64, float]:
    """Return the whole recording's principal component at 0.1–0.8 Hz, at about 20 Hz (for peers)."""
    step = max(1, int(hz // 20))
    slow = signal.sosfiltfilt(signal.butter(4, 6.0, fs=hz, output="sos"), acc, axis=0)[::step]
    slow = signal.sosfiltfilt(signal.butter(2, [0.1, 0.8], "band", fs=hz / step, output="sos"), slow, axis=0)
    return slow @ np.linalg.eigh(np.cov(slow.T))[1][:, -1], hz / step


def trailing(events: F64, seconds: float) -> tuple[F64, F64]:
    t = np.arange(8.0, seconds + 0.01, STRIDE_S)
    return t, np.array([rate_of(events, s + 1e-6) for s in t])


def neurokit2(signals: Signals) -> Found:
    """Peaks of rsp_process (khodadad2018), of the ECG after ecg_rsp (vangent2019)."""
    import neurokit2 as nk

    role, x, hz = only(signals)
    seconds = len(x) / hz
    try:
        if role == "chest_acc":
            x, hz = main_axis(x, hz)
        elif role == "ecg":
            _, beats = nk.ecg_peaks(nk.ecg_clean(x, sampling_rate=int(hz)), sampling_rate=int(hz))
            heart = nk.ecg_rate(beats["ECG_R_Peaks"], sampling_rate=int(hz), desired_length=len(x))
            x = np.asarray(nk.ecg_rsp(heart, sampling_rate=int(hz), method="vangent2019"))
        _, info = nk.rsp_process(x, sampling_rate=int(hz))
        peaks, troughs = (np.asarray(info[k], float) / hz for k in ("RSP_Peaks", "RSP_Troughs"))
    except Exception:  # noise makes it fail: counted as silence
        peaks = troughs = NONE
    peaks, troughs = peaks[np.isfinite(peaks)], troughs[np.isfinite(troughs)]
    return Found(*trailing(peaks, seconds), None, troughs, peaks)


def biosppy(signals: Signals) -> Found:
    """Every second zero crossing of resp, as it counts them itself."""
    from biosppy.signals import resp

    role, x, hz = only(signals)
    seconds, crossings = len(x) / hz, NONE
    if role == "chest_acc":
        x, hz = main_axis(x, hz)
    if role != "ecg":  # it derives no breathing from the ECG
        try:
            crossings = np.asarray(resp.resp(signal=x, sampling_rate=hz, show=False)["zeros"])[::2] / hz
        except Exception:  # noise makes it fail: counted as silence
            crossings = NONE
    return Found(*trailing(crossings, seconds), None, crossings if len(crossings) else None)


def fft(signals: Signals) -> Found:
    """Take the largest peak at 0.08–0.8 Hz of the last 32 s; of the ECG, in the RR intervals."""
    role, x, hz = only(signals)
    seconds = len(x) / hz
    if role == "chest_acc":
        y, y_hz = main_axis(x, hz)
    elif role == "ecg":
        y, y_hz = _rr_wave(x, hz), 4.0
    else:
        step = max(1, int(hz // 10))
        y, y_hz = signal.sosfiltfilt(signal.butter(4, 2.0, fs=hz, output="sos"), x)[::step], hz / step
    ends, size = np.arange(WINDOW_S, seconds + 0.01, STRIDE_S), 16384
    f = np.fft.rfftfreq(size, 1 / y_hz)
    inside = (f >= 0.08) & (f <= 0.8)
    out = []
    for end in ends:
        part = y[max(0, int(end * y_hz) - int(WINDOW_S * y_hz)) : int(end * y_hz)]
        power = np.abs(np.fft.rfft(signal.detrend(part) * np.hanning(len(part)), size))
        out.append(60 * f[inside][np.argmax(power[inside])])
    return Found(ends, np.array(out))


def _rr_wave(x: F64, hz: float) -> F64:
    band = signal.butter(2, [8, min(20, 0.45 * hz)], "band", fs=hz, output="sos")
    width = int(0.1 * hz)
    energy = np.convolve(signal.sosfiltfilt(band, x) ** 2, np.ones(width) / width, "same")
    beats = signal.find_peaks(energy, height=0.3 * np.percentile(energy, 95), distance=int(0.33 * hz))[0]
    grid = np.arange(int(len(x) / hz * 4.0)) / 4.0
    return np.interp(grid, beats[1:] / hz, np.diff(beats) / hz) if len(beats) > 5 else np.zeros(len(grid))


METHODS: dict[str, Callable[[Signals], Found]] = {
    "product": product,
    "neurokit2": neurokit2,
    "biosppy": biosppy,
    "fft": fft,
}
