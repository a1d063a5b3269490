"""Guards the PySide6 pin: 6.12.0 on CPython before 3.12 drops a reference of True or None per call, then aborts."""

import sys

from PySide6.QtCore import QObject, Signal

CALLS = 50
SLACK = CALLS // 2


class Sender(QObject):
    sent = Signal(int)


def test_emitting_a_signal_keeps_the_references_of_true():
    sender = Sender()
    before = sys.getrefcount(True)
    for _ in range(CALLS):
        sender.sent.emit(1)
    assert sys.getrefcount(True) > before - SLACK


def test_asking_for_a_missing_property_keeps_the_references_of_none():
    sender = Sender()
    before = sys.getrefcount(None)
    for _ in range(CALLS):
        sender.property("no such property")
    assert sys.getrefcount(None) > before - SLACK
