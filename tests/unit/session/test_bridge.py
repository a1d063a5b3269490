from breathcore.feedback.frame import DrillView, FeedbackFrame
from breathcore.model.drill import CommandKind, Stage
from breathcore.session.bridge import Bridge


def frame(t_s: float) -> FeedbackFrame:
    return FeedbackFrame(t_s, Stage.WAITING, DrillView("d", {}))


def test_the_newest_frame_is_taken_once() -> None:
    bridge = Bridge()
    assert bridge.take() is None
    bridge.show(frame(1.0))
    taken = bridge.take()
    assert taken is not None
    assert taken.t_s == 1.0
    assert bridge.take() is None


def test_frames_that_nobody_took_are_counted() -> None:
    bridge = Bridge()
    for t_s in (1.0, 2.0, 3.0):
        bridge.show(frame(t_s))
    assert bridge.skipped_n == 2
    newest = bridge.take()
    assert newest is not None
    assert newest.t_s == 3.0
    bridge.show(frame(4.0))
    assert bridge.skipped_n == 2


def test_commands_before_there_is_a_worker_go_nowhere_and_later_ones_arrive() -> None:
    bridge, sent = Bridge(), []
    bridge.command(CommandKind.START)
    bridge.connect(lambda kind, text: sent.append((kind, text)))
    bridge.command(CommandKind.MARK, "here")
    assert sent == [(CommandKind.MARK, "here")]
