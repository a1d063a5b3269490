"""What the trainer says of a frame: the cue line, progress, score. Words and shapes, no widgets."""

import math
from typing import NamedTuple

from breathcore.feedback.frame import FeedbackFrame
from breathcore.feedback.wording import Wording
from breathcore.gui.plots.target import ICON_OF_PHASE
from breathcore.model.drill import DrillPhase, Stage

DASH = "—"
GUIDED = frozenset({Stage.GLIDE, Stage.RUNNING})
_NOTICE_ICON = {Stage.PAUSED: "pause", Stage.LOST: "lost", Stage.DIZZY: "warning"}


class CueText(NamedTuple):
    """The cue strip: its shape, its sentence, the seconds beside it, and how loud it is."""

    icon: str
    text: str
    seconds: str
    tone: str  # "true" (a plain card), "notice", "attention"
    more: str = ""  # a second, smaller line


def cue_of(frame: FeedbackFrame, wording: Wording, *, seconds: bool, wait_s: float = 0.0) -> CueText:
    """Return what the cue strip says at `frame`; `wait_s`: how long the person still has to rest."""
    stage = frame.stage
    if stage in GUIDED and frame.drill.phase is not None:
        return _guided(frame, wording, seconds=seconds)
    if stage in _NOTICE_ICON:
        text = wording.say(frame.notice) if frame.notice else wording.text(f"trainer.stage.{stage.value}")
        left = wording.text("trainer.seconds", n=math.ceil(wait_s)) if wait_s > 0 and seconds else ""
        return CueText(_NOTICE_ICON[stage], text, left, "notice" if stage is Stage.PAUSED else "attention")
    if stage is Stage.COUNTDOWN:
        return CueText(
            "play", wording.text("trainer.get-ready"), str(frame.drill.countdown or ""), "true", _more(frame, wording)
        )
    if stage is Stage.CALIBRATING:
        left = wording.text("trainer.seconds", n=math.ceil(frame.calibration_left_s or 0.0))
        text = (
            wording.say(frame.calibration_cue) if frame.calibration_cue else wording.text("trainer.stage.calibrating")
        )
        return CueText("effort", text, left if frame.calibration_left_s is not None else "", "notice")
    if stage is Stage.FINISHED:
        reason = frame.finish.value if frame.finish else "ended"
        return CueText("check", wording.text(f"trainer.finished.{reason}"), "", "notice", _more(frame, wording))
    return _waiting(frame, wording, seconds=seconds)


def _guided(frame: FeedbackFrame, wording: Wording, *, seconds: bool) -> CueText:
    phase = frame.drill.phase or DrillPhase.REST
    left = wording.text("trainer.seconds", n=math.ceil(frame.drill.phase_left_s)) if seconds else ""
    text = wording.of(frame.drill.cue) or wording.text(f"trainer.do.{phase.value}")
    return CueText(ICON_OF_PHASE[phase], text, left, "true", _more(frame, wording))


def _waiting(frame: FeedbackFrame, wording: Wording, *, seconds: bool) -> CueText:
    """Return the cue of the stages in which nothing is guided: waiting, ready, rest between sets."""
    stage = frame.stage
    icon = {Stage.READY: "check", Stage.SET_REST: "rest"}.get(stage, "info")
    left = ""
    ahead = [p.start_s - frame.t_s for p in frame.target if p.start_s > frame.t_s]
    if stage is Stage.SET_REST and seconds and ahead:
        left = wording.text("trainer.seconds", n=math.ceil(min(ahead)))
    if stage is Stage.WAITING and frame.notice is None and frame.rate_message is not None:
        return CueText(icon, wording.say(frame.rate_message), left, "notice")
    swept = ".sweep" if stage is Stage.SET_REST and frame.sweep is not None else ""
    return CueText(icon, wording.text(f"trainer.stage.{stage.value}{swept}"), left, "notice", _more(frame, wording))


def _more(frame: FeedbackFrame, wording: Wording) -> str:
    return wording.say(frame.notice) if frame.notice is not None else ""


def progress_of(frame: FeedbackFrame, wording: Wording, *, numbers: bool) -> str:
    """Return the line under the cue: which breath of how many, and how many of them in step."""
    drill = frame.drill
    parts = []
    if frame.stage is Stage.GLIDE:
        parts.append(wording.text("trainer.gliding"))
    elif drill.breaths_n:
        id_ = "trainer.breath-of" if drill.paced else "trainer.round-of"
        parts.append(wording.text(id_, n=min(drill.breath_index + 1, drill.breaths_n), total=drill.breaths_n))
    if drill.total_s > 0:
        parts.append(wording.text("trainer.time-of", done=_clock(drill.elapsed_s), total=_clock(drill.total_s)))
    if drill.paced and numbers and frame.in_step is not None:
        parts.append(wording.text("trainer.in-step", percent=round(100 * frame.in_step)))
    return "  ·  ".join(parts)


def _clock(seconds: float) -> str:
    whole = max(0, math.floor(seconds))
    return f"{whole // 60}:{whole % 60:02d}"


def rhythm_of(frame: FeedbackFrame, wording: Wording) -> str:
    """Return the lines under the heart rate: what is known of its rhythm, or in one sentence why nothing is."""
    heart = frame.heart
    if heart is None or frame.heart_bpm is None:
        return ""
    lines = []
    if heart.coherence is not None and heart.coherence_word is not None:
        word = wording.say(heart.coherence_word)
        lines.append(wording.text("trainer.heart.coherence", n=heart.coherence, word=word))
    if heart.swing_bpm is not None:
        lines.append(wording.text("trainer.heart.swing", n=round(heart.swing_bpm)))
    if heart.rmssd_ms is not None:
        lines.append(wording.text("trainer.heart.rmssd", n=round(heart.rmssd_ms)))
    why = heart.coherence_message or heart.variability_message or heart.swing_message
    if not lines and why is not None:
        lines.append(wording.say(why))
    return "\n".join(lines)


def score_of(frame: FeedbackFrame, wording: Wording) -> tuple[str, str]:
    """Return the score and the line of its parts; at the end, those that were not measured are named."""
    score = frame.score
    if not frame.drill.paced and (score is None or score.total is None):
        return DASH, wording.text("trainer.score.timed" if _timed(frame) else "trainer.score.none")
    if frame.drill.paced and not frame.breath_followed:
        return DASH, wording.text("trainer.score.unmeasured")
    if score is None or score.total is None:
        return DASH, wording.text("trainer.score.none")
    names = {part.id: wording.text(f"score.{part.id}") for part in score.parts}
    parts = [f"{names[p.id]} {wording.number(100 * p.value)}" for p in score.parts if p.value is not None]
    missing = [names[p.id] for p in score.parts if p.value is None]
    if missing and frame.stage is Stage.FINISHED:
        parts.append(wording.text("trainer.score.missing", parts=", ".join(missing)))
    return wording.number(score.total), "  ·  ".join(parts)


def _timed(frame: FeedbackFrame) -> bool:
    """Whether no score will come: nothing measures what the drill asks for."""
    trunk = frame.trunk
    if trunk is None:
        return True
    if trunk.reps is not None:
        return trunk.reps.message is not None and trunk.reps.message.id == "trunk.no-sensor"
    why = None if trunk.brace is None else trunk.brace.message
    return why is not None and not why.id.endswith("-unsure")


def unbroken(keys: str) -> str:
    """Return the line of keys so that it breaks only between two of them."""
    return " ".join(part.replace(" ", "\u00a0") for part in keys.replace("  ·  ", " ·\n").split("\n"))
