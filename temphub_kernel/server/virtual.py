"""Virtual probes for `temphub demo` and `temphub probe`: the real firmware, each in a process of its own on this computer.

They listen and advertise on 127.0.0.1 only, so a demo is nobody else's business. Any thread.
"""

import subprocess
import sys

from ..base import paths
from ..base.settings import Settings

STOP_S = 1.5


def probe_command(arguments: list[str]) -> list[str]:
    """The command that runs the firmware with these arguments under this Python."""
    return [sys.executable, str(paths.firmware() / "main.py"), *arguments]


class VirtualProbes:
    """A few virtual probes with ids Demo-1, Demo-2, …; their state lives in the data folder."""

    def __init__(self, count: int, settings: Settings) -> None:
        self._count = count
        self._folder = settings.data_dir / "demo-probes"
        # A probe that holds the token listens to this hub only, not to another one on the same computer.
        self._token = ["--token", settings.server_token] if settings.server_token else []
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start them all."""
        names = ("Freezer", "Fridge", "Lab bench")
        profiles = ("freezer", "fridge", "room")
        for number in range(1, self._count + 1):
            kind = (number - 1) % len(names)
            state = self._folder / f"Demo-{number}"
            state.mkdir(parents=True, exist_ok=True)
            arguments = ["--id", f"Demo-{number}", "--port", "0", "--bind", "127.0.0.1", "--state", str(state)]
            arguments += ["--name", f"{names[kind]} {number}", "--profile", profiles[kind], *self._token]
            self._processes.append(_spawn(probe_command(arguments)))

    def stop(self) -> None:
        """End them all, the slow ones without asking."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()


def _spawn(command: list[str]) -> subprocess.Popen[bytes]:
    # A session or group of its own: Ctrl-C is the hub's to handle, which then ends its probes.
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, creationflags=flags)
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)
