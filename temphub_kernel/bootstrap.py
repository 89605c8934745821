"""From a checkout to a running hub: make the Python environment once, keep it up to date, start `python -m
temphub_kernel`.

Run by path (`python temphub_kernel/bootstrap.py`, as Start.bat does), never imported. Main thread only.
Standard library only, in the syntax of Python 3.8: it runs before anything is installed, and tells an old
Python in words.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

NEEDED = (3, 11)
OTHER_PYTHON = 75  # the exit code that asks Start.bat to look for a Python outside .venv
ROOM_MB = 700  # what the packages fill, and what pip unpacks on the way
CLOUDS = ("ONEDRIVE", "ONEDRIVECOMMERCIAL", "ONEDRIVECONSUMER")
MISLEADING = ("PYTHONHOME", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
ROOT = Path(__file__).absolute().parent.parent
WINDOWS = sys.platform == "win32"
# Groups of three lines: what pip, venv or the system print (a pattern), the problem, the remedy. The first
# that fits is told.
CAUSES = Path(__file__).with_name("bootstrap-causes.txt")
SIGNS = (
    ("Collecting ", "."),
    ("Installing collected", "\nUnpacking ...\n"),
    ("Retrying (Retry(", "\nNo answer, trying again ..."),
)


class Stop(Exception):
    """The start ends here: (problem, remedy), told to the user."""


class Place(NamedTuple):
    """Where things are; `marker` says that an environment is ours and whether it is whole, `own` that the
    checkout is writable."""

    lock: Path
    venv: Path
    python: Path
    marker: Path
    log: Path
    own: bool


def main(arguments: list[str]) -> int:
    """Prepare and run the hub. Returns its exit code; 1 after a problem told in words, 130 when stopped while
    preparing."""
    where = ""
    try:
        check_python(tuple(sys.version_info[:2]))
        place = find_place(os.environ)
        where = f"\nLog: {place.log}"
        command, environ = prepare(place)
    except KeyboardInterrupt:
        say(
            "\nStopped before the hub was ready; an installation that was under way begins anew at the next "
            "start."
        )
        return 130
    except (Stop, OSError) as error:
        problem, remedy = error.args if isinstance(error, Stop) else explain(str(error))
        say(f"\nProblem: {problem}\nWhat to do: {remedy}{where}")
        return 1
    return run([*command, *arguments], environ)


def say(text: str, end: str = "\n") -> None:
    """Write to the console; a sign that its code page lacks becomes a question mark, not an error."""
    sys.stdout.write((text + end).encode(sys.stdout.encoding, "replace").decode(sys.stdout.encoding))
    sys.stdout.flush()


def check_python(version: tuple[int, ...]) -> None:
    """Raises Stop for a Python that is too old for the hub, or a 32-bit one, which the packages are not
    offered for on Windows."""
    if version < NEEDED:
        met, wanted = (".".join(map(str, numbers)) for numbers in (version, NEEDED))
        problem = (
            f"This is Python {met} ({sys.executable}), but TempHub needs Python {wanted} or newer, so "
            "it did not start."
        )
        raise Stop(
            problem,
            "Install a newer Python from python.org and tick 'Add python.exe to PATH'; the old one can stay.",
        )
    if WINDOWS and sys.maxsize < 2**32:
        problem = (
            f"This is a 32-bit Python ({sys.executable}), for which the packages that TempHub needs "
            "are not offered."
        )
        raise Stop(
            problem,
            "Install a 64-bit Python 3.12 from python.org and tick 'Add python.exe to PATH'; this one can "
            "stay.",
        )


def explain(text: str) -> tuple[str, str]:
    """(problem, remedy) for what was printed by that which failed."""
    words = {"ROOM_MB": str(ROOM_MB), "THIS_PYTHON": f"{platform.python_version()}, {platform.machine()}"}
    told = re.sub("|".join(words), lambda found: words[found[0]], CAUSES.read_text("ascii")).splitlines()
    return next(
        (problem, remedy)
        for marks, problem, remedy in zip(told[::3], told[1::3], told[2::3], strict=True)
        if re.search(marks, text)
    )


def find_place(environ: Mapping[str, str]) -> Place:
    """The checkout; or the user's own folder when it is read-only. In OneDrive, which would upload it, the
    environment alone moves."""
    data = environ.get("LOCALAPPDATA" if WINDOWS else "XDG_DATA_HOME")
    home = (Path(data) if data else Path.home() / ".local" / "share") / "TempHub"
    folder, venv, own = ROOT, ROOT / ".venv", True
    try:
        (ROOT / "temphub.start.lock").open("a").close()
    except OSError:
        folder, venv, own = home, home / "venv", False
        folder.mkdir(parents=True, exist_ok=True)
    if any(environ.get(name) and Path(environ[name]) in ROOT.parents for name in CLOUDS):
        venv = home / "venv"
    python = venv / ("Scripts/python.exe" if WINDOWS else "bin/python")
    return Place(
        folder / "temphub.start.lock", venv, python, venv / "temphub-installed.txt", folder / "start.log", own
    )


def prepare(place: Place) -> tuple[list[str], dict[str, str]]:
    """The command that runs the hub with all it needs, and its environment variables. Raises Stop,
    OSError."""
    # Packages are compiled by their first use; without keeping that every start would take seconds longer.
    environ = {name: value for name, value in os.environ.items() if name not in MISLEADING}
    if not place.own:
        say(f"This folder cannot be written to, so TempHub keeps its files in {place.log.parent}")
        environ.setdefault("DATA_DIR", str(place.log.parent))
    if _conda_serves(os.environ):
        return [sys.executable, "-m", "temphub_kernel"], {**environ, "PYTHONPATH": str(ROOT)}
    if place.venv.is_dir() and place.venv.samefile(sys.prefix) and state(place) == "anew":
        # An environment cannot replace the Python that runs from it. On Windows not even its child can:
        # Start.bat takes another Python.
        sys.exit(
            OTHER_PYTHON
            if WINDOWS
            else run([getattr(sys, "_base_executable", sys.executable), *sys.argv], environ)
        )
    with locked(place.lock):
        found = state(place)
        if place.log.exists() and place.log.stat().st_size > 500_000:
            place.log.replace(place.log.with_name("start.old.log"))
        with place.log.open("a", encoding="utf-8", errors="replace") as log:
            log.write(
                f"{time.strftime('%Y-%m-%d %H:%M:%S')} Python {sys.version} on {platform.platform()}, {ROOT}"
                f": {found}\n"
            )
        if found != "ready":
            install(place, environ, anew=found == "anew")
    command = [str(place.python), "-m", "temphub_kernel"]
    if found != "ready" and WINDOWS:
        subprocess.call([*command, "firewall", "--once"], env=environ)  # whatever comes of it, the hub starts
    return command, environ


def state(place: Place) -> str:
    """'ready', 'changed' (other requirements: upgrade), or 'anew' (none yet, half made, moved, or its Python
    is gone)."""
    written = place.marker.read_text("utf-8").splitlines() if place.marker.is_file() else []
    now = _fingerprint(place)
    return "ready" if written == now else "changed" if written[:1] == now[:1] else "anew"


def install(place: Place, environ: Mapping[str, str], anew: bool) -> None:
    """Bring the environment in step with pyproject.toml, beginning with an empty one when `anew`. Raises
    Stop, OSError."""
    say(
        "TempHub installs what it needs; it can take a few minutes."
        if anew
        else "TempHub was changed; bringing it up to date."
    )
    if anew and place.venv.exists() and not place.marker.exists():
        raise Stop(
            f"TempHub did not make the environment in {place.venv}, so it was left alone.",
            "Rename that folder, then start again.",
        )
    try:
        if anew and place.venv.exists():
            shutil.rmtree(place.venv)
    finally:
        place.venv.mkdir(parents=True, exist_ok=True)
        place.marker.write_text("begun", "utf-8")
    if shutil.disk_usage(place.venv).free < ROOM_MB * 1_000_000 and anew:
        raise Stop(*explain("No space left"))
    say("Fetching packages, a dot for each: ", end="")
    if not _with_uv(place, environ, anew):
        if anew and not any(place.venv.rglob("site-packages/pip")):
            _logged([sys.executable, "-m", "venv", str(place.venv)], place, environ)
        _pip(place, environ, "-e", ".")  # '.': pip reads [ ] in a path as its own
    place.marker.write_text("\n".join(_fingerprint(place)), "utf-8")
    say("Installed.")


def _with_uv(place: Place, environ: Mapping[str, str], anew: bool) -> bool:
    """By uv, in a tenth of pip's time: the user's own, else one that pip fetches. False when it fails: it
    knows no settings of pip."""
    uv = shutil.which("uv") or str(place.python.with_name("uv.exe" if WINDOWS else "uv"))
    with suppress(Stop, OSError):
        if anew:
            _logged(
                [
                    sys.executable,
                    "-m",
                    "venv",
                    *(["--without-pip"] if Path(uv).exists() else []),
                    str(place.venv),
                ],
                place,
                environ,
            )
        if not Path(uv).exists():
            _pip(place, environ, "--retries=0", "--only-binary=:all:", "uv")
        # Editable: after `git pull` the new code runs at once. Where uv reaches nothing, by pip's mirror or
        # proxy, nobody waits for it.
        quick = {"UV_HTTP_TIMEOUT": "15", "UV_HTTP_RETRIES": "1", **environ}
        _logged([uv, "pip", "install", "--python", str(place.python), "-e", ".", "pip"], place, quick)
        return True
    return False


def _pip(place: Place, environ: Mapping[str, str], *what: str) -> None:
    # PIP_USER: a computer-wide 'user = true' would refuse an environment. No compiling: it takes as long as
    # the rest, for little use.
    pip = [
        str(place.python),
        "-m",
        "pip",
        "install",
        "--no-input",
        "--disable-pip-version-check",
        "--progress-bar=off",
        "--no-compile",
    ]
    _logged([*pip, *what], place, {**environ, "PIP_USER": "0", "PYTHONUTF8": "1"})


def locked(path: Path) -> IO[str]:
    """One start at a time may install; a second double-click waits here. Close to let go; the system does so
    however the holder ends."""
    handle, told = path.open("a"), False
    while True:
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
        except OSError:
            say("" if told else "Another window is preparing TempHub; waiting for it ...\n", end="")
            told = True
            time.sleep(0.3)


def run(command: list[str], environ: Mapping[str, str]) -> int:
    """Run in this console and return the exit code; on POSIX this process becomes the command."""
    if not WINDOWS:
        os.execve(command[0], command, dict(environ))
    # Ctrl-C reaches every process of a Windows console: the hub stops by it, and this one waits for the hub.
    signal.signal(signal.SIGINT, lambda *_: None)
    return subprocess.call(command, env=dict(environ))


def _fingerprint(place: Place) -> list[str]:
    # The environment's Python is asked itself: it may be gone, and with it all that was installed for it.
    try:
        version = subprocess.check_output(
            [str(place.python), "-c", "import sys; print(sys.version)"], stderr=subprocess.DEVNULL
        )
    except (OSError, subprocess.CalledProcessError):
        version = b"none"
    return [
        f"{ROOT} {version.split()[0].decode()}",
        hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest(),
    ]


def _logged(command: list[str], place: Place, environ: Mapping[str, str]) -> None:
    last: deque[str] = deque(maxlen=300)
    pipe = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    with pipe, place.log.open("a", encoding="utf-8", errors="replace") as log:
        for raw in pipe.stdout or ():
            last.append(raw.decode("utf-8", "replace").rstrip() + "\n")
            log.write(last[-1])
            say("".join(sign for mark, sign in SIGNS if mark in last[-1]), end="")
    if pipe.returncode:
        raise Stop(*explain("".join(last)))


def _conda_serves(environ: Mapping[str, str]) -> bool:
    prefix = Path(environ.get("CONDA_PREFIX") or "no conda environment")
    if not prefix.is_dir() or not prefix.samefile(sys.prefix):
        return False
    import tomllib

    # pip itself says whether each requirement is met; without an index it can fetch nothing.
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    ask = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--dry-run", "--no-index", *wanted],
        capture_output=True,
        check=False,
    )
    met = ask.returncode == 0 and b"Would install" not in ask.stdout
    if not met:
        say(
            "The conda environment lacks packages, so TempHub uses one of its own. ('conda env update -f "
            "environment.yml' adds them.)"
        )
    return met


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
