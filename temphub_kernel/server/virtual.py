"""Virtual probes for `temphub demo` and `temphub probe`: the real firmware, each in a process of its own on
this computer.

They listen and advertise on 127.0.0.1 only, so a demo is nobody else's business. Any thread.
"""

import runpy
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ..core import DEMO_ID, Process, Settings, TempHubError, files, is_probe_id, run_folder
from ..hub import HubLock

STOP_S = 1.5
LOCK_FILE = "temphub.probe.lock"


def probe_command(arguments: list[str]) -> list[str]:
    """The command that runs the firmware with these arguments under this Python."""
    return [sys.executable, str(files.firmware() / "main.py"), *arguments]


def run_here(arguments: list[str], data_dir: Callable[[], Path]) -> int:
    """Be a virtual probe until stopped; returns the exit code. Main thread only.

    arguments: those of the firmware; without `--state` it is `probes/ID` in the data folder. Raises
    TempHubError when another virtual probe uses that folder. In this process, not in a child of it: whatever
    ends this command ends the probe.
    """
    state, probe_id = _value(arguments, "--state"), _value(arguments, "--id")
    # What is wrong with the other arguments is told by the firmware.
    if probe_id and state is None and not {"--help", "-h"} & set(arguments):
        state = str(data_dir() / "probes" / _folder_name(probe_id))
        arguments = [*arguments, "--state", state]
        if is_probe_id(probe_id):
            _make(Path(state))
    lock = HubLock(Path(state), LOCK_FILE) if state and Path(state).is_dir() else None
    if lock and not lock.take():
        raise TempHubError(
            f"Another virtual probe runs with the folder {state}; two in one folder would spoil each other's "
            "readings.",
            "Stop the other one, or give this one another --id or --state.",
            code="probe_runs",
        )
    main = files.firmware() / "main.py"
    sys.argv = [str(main), *arguments]
    sys.path.insert(0, str(main.parent))
    try:
        runpy.run_path(str(main), run_name="__main__")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1
    except KeyboardInterrupt:
        return 0
    finally:
        if lock:
            lock.release()
    return 0


def _value(arguments: list[str], option: str) -> str | None:
    """What stands behind an option, or behind its equals sign; the last of several, as the firmware reads
    it."""
    found = None
    for at, word in enumerate(arguments):
        name, equals, value = word.partition("=")
        if name == option:
            found = value if equals else "".join(arguments[at + 1 : at + 2])
    return found


def _folder_name(probe_id: str) -> str:
    # Windows knows no colon in a file name, and drops a dot at its end.
    name = "".join(
        sign if sign.isascii() and (sign.isalnum() or sign in "._-") else "=" for sign in probe_id[:63]
    )
    return name + "=" if name.endswith(".") else name


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TempHubError(
            f"The folder {folder} for this probe's settings cannot be made ({error.strerror or error}).",
            "Choose another one with --state.",
            code="bad_state",
        ) from error


def apart(settings: Settings) -> Settings:
    """The settings of a demo: journal, log and keys in a folder of their own, so that no made-up reading gets
    among real ones."""
    if settings.is_demo:
        return settings
    folder = settings.data_dir / files.DEMO_FOLDER
    return replace(settings, data_dir=folder, csv_file=folder / settings.csv_file.name)


def told(settings: Settings) -> dict[str, str]:
    """The environment variables that mean the same places in another process, whatever its working folder."""
    given = {"CSV_FILE": settings.csv_file, "TLS_CERT": settings.tls_cert, "TLS_KEY": settings.tls_key}
    return {
        "DATA_DIR": str(settings.data_dir),
        **{name: str(path.absolute()) for name, path in given.items() if path},
    }


class VirtualProbes:
    """A few virtual probes with ids Demo-1, Demo-2, …; their state lives in the data folder."""

    def __init__(self, count: int, settings: Settings, run: run_folder.RunFolder | None = None) -> None:
        self._count = count
        self._run = run
        self._folder = settings.data_dir / "demo-probes"
        # A probe that holds the token listens to this hub only, not to another one on the same computer.
        self._token = ["--token", settings.server_token] if settings.server_token else []
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start them all. Those of a supervisor that was killed run still: two of one name would be no probe
        of this world."""
        for pid, word in (self._run and self._run.read(run_folder.PROBES)) or ():
            Process(pid, word).kill()
        names = ("Freezer", "Fridge", "Lab bench")
        profiles = ("freezer", "fridge", "room")
        for number in range(1, self._count + 1):
            kind = (number - 1) % len(names)
            name = DEMO_ID.format(number=number)
            state = self._folder / name
            state.mkdir(parents=True, exist_ok=True)
            arguments = ["--id", name, "--port", "0", "--bind", "127.0.0.1", "--state", str(state)]
            arguments += ["--name", f"{names[kind]} {number}", "--profile", profiles[kind], *self._token]
            self._processes.append(_spawn(probe_command(arguments)))
        if self._run and self._processes:
            self._run.write(run_folder.PROBES, [Process(process.pid, "--id") for process in self._processes])

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
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, creationflags=flags
        )
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
    )
