"""The picture of `accuracy.py`: each method's error by task, and what breathcore's quality is worth."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes

mpl.use("Agg")
import matplotlib.pyplot as plt

LABELS = {
    "bidmc_impedance": "ICU impedance",
    "bidmc_ecg": "ICU ECG",
    "har_rip_rest": "shirt's band, rest",
    "har_rip_moving": "shirt's band, moving",
    "har_acc_still": "recorder's tilt, still",
    "har_acc_rest": "recorder's tilt, rest",
    "har_acc_moving": "recorder's tilt, moving",
    "har_ecg": "dry-electrode ECG",
    "paced_acc": "chest tilt, paced",
    "wave_ecg": "ECG, resting",
    "belts": "belts",
}
WORTH_SAYING = 0.01  # of the windows answered: below, an error is that of a handful
# Readable on white and on black: a grey card, and marks that differ in shape as well as in colour.
CARD, INK, FAINT = "#f4f4f2", "#1d1d1f", "#c9c9c6"
MARKS = {
    "product": ("breathcore (causal, may refuse)", "o", "#0b6e99"),
    "neurokit2": ("neurokit2 (offline)", "s", "#b5541c"),
    "biosppy": ("biosppy (offline)", "^", "#7a5195"),
    "fft": ("spectrum peak (offline)", "D", "#5b7f2b"),
    "constant": ("a constant guess", "|", "#555555"),
}
SIZES = {"o": 9, "|": 16}
CURVE_COLOURS = ("#0b6e99", "#b5541c", "#7a5195", "#5b7f2b", "#a3245b", "#1d1d1f", "#8a6d00", "#2a9d8f")


def draw(rows: Sequence, path: Path) -> None:
    """Draw `rows` (`accuracy.Score`) into a PNG."""
    plt.rcParams.update({"font.size": 10, "text.color": INK, "axes.labelcolor": INK, "font.family": "DejaVu Sans"})
    figure, (left, right) = plt.subplots(1, 2, figsize=(12.5, 5.6), facecolor=CARD, width_ratios=(1.45, 1))
    _errors(left, rows)
    _curves(right, rows)
    figure.tight_layout()
    figure.savefig(path, dpi=110, facecolor=CARD)
    plt.close(figure)


def _errors(axes: Axes, rows: Sequence) -> None:
    tasks = [t for t in LABELS if any(r.task == t for r in rows)]
    for method, (label, mark, colour) in MARKS.items():
        own = {r.task: r for r in rows if r.method == method}
        at = [(own[t].pen_mae, k) for k, t in enumerate(tasks) if t in own and np.isfinite(own[t].mae)]
        if at:
            axes.plot(*zip(*at, strict=True), mark, color=colour, label=label, markersize=SIZES.get(mark, 7))
    for k, task in enumerate(tasks):
        ours = next((r for r in rows if r.task == task and r.method == "product"), None)
        if ours is not None:
            said = f"{100 * ours.cover:.0f} % answered" + (
                f", MAE {ours.mae:.2f}" if ours.cover >= WORTH_SAYING else ""
            )
            axes.text(1.01, k, said, transform=axes.get_yaxis_transform(), va="center", fontsize=9)
    axes.set_yticks(range(len(tasks)), [LABELS[t] for t in tasks])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xticks([0.2, 0.5, 1, 2, 5, 10], ["0.2", "0.5", "1", "2", "5", "10"])
    axes.set_xlabel("penMAE, breaths/min (a refusal costs what a constant guess does)")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=3, frameon=False, fontsize=9)
    _tidy(axes)


def _curves(axes: Axes, rows: Sequence) -> None:
    ours = [r for r in rows if r.method == "product" and len(r.curve) > 1]
    for k, row in enumerate(ours):
        cover, mae, _ = np.array(row.curve).T
        style = "-" if k < len(CURVE_COLOURS) else "--"
        axes.plot(100 * cover, mae, style, color=CURVE_COLOURS[k % len(CURVE_COLOURS)], label=LABELS[row.task])
    axes.invert_xaxis()
    axes.set_ylim(bottom=0)
    axes.set_xlabel("% of windows kept, the best quality first")
    axes.set_ylabel("MAE, breaths/min")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=3, frameon=False, fontsize=8)
    _tidy(axes)


def _tidy(axes: Axes) -> None:
    axes.set_facecolor(CARD)
    axes.grid(visible=True, color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, which="both", length=0)
    for side in axes.spines.values():
        side.set_visible(False)
