"""Run as a program: records a packet every 5 ms of real time, stamped with the system's monotonic clock, until killed.

A line on stdout says that recording has begun.
"""

import sys
import time
from datetime import datetime
from pathlib import Path

from breathcore.model.packets import Direction, Packet
from breathcore.record.items import SessionMeta
from breathcore.record.writer import SessionWriter


def main(path: Path) -> None:
    meta = SessionMeta(datetime.now().astimezone(), time.monotonic_ns(), "test")
    writer = SessionWriter(path, meta, ())
    print("recording", flush=True)  # noqa: T201 - the parent waits for it
    n = 0
    while True:
        writer.put(Packet("A", "acc.data", Direction.NOTIFY, time.monotonic_ns(), n.to_bytes(4, "little") * 57))
        n += 1
        time.sleep(0.005)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
