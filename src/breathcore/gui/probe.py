"""What this computer's screen and sound can do, looked at in a process of its own.

A library that is missing may end the whole process: `python -m breathcore.gui.probe display` (or ``sound``) prints what
it finds as one line of JSON, and the one who started it reads the exit code first.
"""

import json
import sys


def display() -> dict[str, object]:
    """Return the platform that Qt draws on, how many screens there are, and how many kinds of letters."""
    from PySide6.QtGui import QFontDatabase, QGuiApplication

    app = QGuiApplication([])
    return {
        "platform": QGuiApplication.platformName(),
        "screens": len(app.screens()),
        "fonts": len(QFontDatabase.families()),
    }


def sound() -> dict[str, object]:
    """Return whether a sound device opens, and the name of the sound system."""
    from breathcore.gui.sound import DeviceOutput, open_output

    output, problem = open_output()
    output.close()
    return {"opens": problem is None, "system": output.system if isinstance(output, DeviceOutput) else ""}


PROBES = {"display": display, "sound": sound}

if __name__ == "__main__":
    print(json.dumps(PROBES[sys.argv[1]]()))  # noqa: T201  (how it answers)
