"""Commands run the way a newcomer runs them."""

import os
import subprocess
import sys
from pathlib import Path

LIMIT_S = 280
# what would let the checkout or this environment leak into what is tested
LEAKS = ("PYTHONPATH", "VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command as a newcomer would; return what it printed. Fails the test where the command fails."""
    env = {name: value for name, value in os.environ.items() if name not in LEAKS}
    result = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


def uv(*arguments: str | Path, cwd: Path) -> str:
    return run(sys.executable, "-m", "uv", "--no-progress", *arguments, cwd=cwd)
