"""Blocks → Polar frames: for each stream the form that carries the most of what a block can hold.

ECG, ACC, PPG of three or four light channels, PPI, temperatures and pressure travel raw; the others have compressed
forms only, which a reader understands once it has been told their factor (here 1).
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from breathcore.decode.pmd_control import Measurement
from breathcore.decode.pmd_forms import COMPRESSED, DELTAS, RAW, Samples
from breathcore.decode.pmd_frames import encode_frame
from breathcore.model.arrays import F64
from breathcore.model.blocks import RawBlock
from breathcore.model.errors import Reason, SignalError

_CONTENT_BYTES = 219  # of a frame that fits an H10's usual packet: 73 samples of ECG, 36 of the accelerometer
_DELTA_BYTES = 200  # of a compressed one whose deltas happen to need every bit
_FORMS: Mapping[Measurement, int] = MappingProxyType(
    {
        Measurement.ECG: 0,
        Measurement.ACC: 1,
        Measurement.PPI: 0,
        Measurement.GYRO: COMPRESSED | 1,
        Measurement.MAG: COMPRESSED | 1,
        Measurement.SKIN_TEMP: 0,
        Measurement.PRESSURE: 0,
        Measurement.TEMPERATURE: 0,
    }
)
_PPG_FORMS = ((2, COMPRESSED | 0x0D), (4, 0), (16, COMPRESSED | 0x07), (24, COMPRESSED | 0x08))  # light channels, form
_PER_UNIT: Mapping[Measurement, float] = MappingProxyType(
    {Measurement.ACC: 1000.0, Measurement.MAG: 10.0}  # of the wire's mG and thousandths of a gauss
)
_GOOD_BEAT = (0, 1, 1)  # not doubted, skin contact, which is sensed
_HR_MAX = 255


def encode_block(type_: Measurement, block: RawBlock) -> tuple[bytes, ...]:
    """Return the frames of `block`; beats without times get the stamp 0.

    Raises SignalError (INVALID_VALUE): samples without stamps, or more than 24 light channels.
    """
    if block.t_device_s is None and type_ is not Measurement.PPI:
        raise SignalError(Reason.INVALID_VALUE, name="t_device_s", value="None", bound="a time for each sample")
    frame_type = _ppg_form(len(block.channel.axes)) if type_ is Measurement.PPG else _FORMS[type_]
    samples, size = _wire(type_, frame_type, block.x), _rows_n(type_, frame_type)
    stamps_ns = np.zeros(len(samples), np.int64) if block.t_device_s is None else np.rint(block.t_device_s * 1e9)
    return tuple(
        encode_frame(type_, int(stamps_ns[min(i + size, len(samples)) - 1]), samples[i : i + size], frame_type)
        for i in range(0, len(samples), size)
    )


def needs_factor(frame: bytes) -> bool:
    """Return whether a frame can be read only once its factor is known."""
    return bool(frame[9] & COMPRESSED)


def _rows_n(type_: Measurement, frame_type: int) -> int:
    """Return how many samples a frame holds."""
    if (raw := RAW.get((type_, frame_type))) is not None:
        return _CONTENT_BYTES // raw.stride
    form = DELTAS[type_, frame_type]
    return _DELTA_BYTES // (form.columns * form.bits // 8)


def _ppg_form(axes_n: int) -> int:
    for channels, frame_type in _PPG_FORMS:
        if axes_n <= channels:
            return frame_type
    raise SignalError(Reason.INVALID_VALUE, name="axes", value=str(axes_n), bound="at most 24")


def _wire(type_: Measurement, frame_type: int, x: F64) -> Samples:
    """Return the columns of the form, in the wire's own numbers; channels that are not given are zero."""
    if type_ is Measurement.PPI:
        return _beats(x[:, 0])
    form = DELTAS.get((type_, frame_type))
    if type_ in (Measurement.ACC, Measurement.MAG, Measurement.ECG, Measurement.PPG):
        x = np.rint(x * _PER_UNIT.get(type_, 1.0))
    columns_n = form.columns if form is not None else 4 if type_ is Measurement.PPG else x.shape[1]
    return np.pad(x, ((0, 0), (0, columns_n - x.shape[1])))


def _beats(interval_s: F64) -> Samples:
    interval_ms = np.rint(interval_s * 1000.0).clip(0, 0xFFFF)
    hr = np.rint(60_000.0 / np.maximum(interval_ms, 1.0)).clip(0, _HR_MAX)
    rest = np.tile(np.array(_GOOD_BEAT, np.float64), (len(hr), 1))
    return np.column_stack([hr, interval_ms, np.zeros(len(hr)), rest])
