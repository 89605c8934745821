"""A Windows to run Start.bat in: Wine's `cmd`, and stand-ins for the Pythons that it lacks.

A stand-in is a real .exe: the launcher that pip puts before every Windows command starts what the line behind
it names, here a batch file that notes how it was called.
"""

import getpass
import io
import os
import pty
import select
import shutil
import subprocess
import zipfile
from pathlib import Path

import pip

LAUNCHER = Path(pip.__file__).parent / "_vendor" / "distlib" / "t64.exe"
PATIENCE_S = 60


def available() -> bool:
    """True where Wine is installed."""
    return shutil.which("wine") is not None


class Wine:
    """One Windows, with its own drive C in `prefix`."""

    def __init__(self, prefix: Path) -> None:
        outer = {
            name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")
        }
        self.environ = {
            **outer,
            "LC_ALL": "C.UTF-8",
            "WINEPREFIX": str(prefix),
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree,mshtml=",
        }
        self._prefix = prefix
        prefix.mkdir()
        self.cmd(prefix, ["ver"])
        self.drive_c = prefix / "drive_c"
        self._standins = self.drive_c / "standins"
        self._standins.mkdir()

    def stop(self) -> None:
        """End every process of it, and remove its disk."""
        server = shutil.which("wineserver") or "/usr/lib/wine/wineserver"
        subprocess.run([server, "-k"], env=self.environ, check=False, timeout=PATIENCE_S)
        subprocess.run([server, "-w"], env=self.environ, check=False, timeout=PATIENCE_S)
        shutil.rmtree(self._prefix)

    def cmd(self, folder: Path, words: list[str], **environ: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of Windows in a folder; nothing can be typed."""
        return subprocess.run(
            ["wine", "cmd", "/c", *words],
            cwd=folder,
            env={**self.environ, **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            errors="replace",
            timeout=PATIENCE_S,
            check=False,
        )

    def window(self, folder: Path, words: list[str], **environ: str) -> str:
        """Run a command of Windows in a console window, which has a code page as `cmd` alone has not; what it
        shows."""
        ours, its = pty.openpty()
        command = ["wine", "cmd", "/c", *words]
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**self.environ, **environ},
            stdin=its,
            stdout=its,
            stderr=subprocess.DEVNULL,
        )
        os.close(its)
        shown = b""
        try:
            while select.select([ours], [], [], PATIENCE_S)[0]:
                shown += os.read(ours, 4096)
        except OSError:  # how Linux says that the other end was closed
            process.wait(PATIENCE_S)
        finally:
            process.kill()
            process.wait()
            os.close(ours)
        return shown.decode("utf-8", "replace")

    def python(
        self,
        exe: Path,
        notes: Path,
        *,
        name: str,
        check: int = 0,
        run: int = 0,
        fits: str = "",
        also: str = "",
    ) -> None:
        """Put a stand-in at `exe`, which notes under its name what it is called with.

        check: its exit code when asked for its version, as a real Python of that age gives it; fits: of this
        version it says yes. run: its exit code when it is to run a script; also: a command that it runs then.
        """
        note = windows(notes)
        lines = [
            "@echo off",
            f'if "%~2"=="-c" echo {name} asked>> "{note}"',
            f'if "%~2"=="-c" exit /b {check}',
            f'if "%~3"=="-c" echo {name} asked>> "{note}"',
            *([f'if "%~3"=="-c" if "%~2"=="-{fits}" exit /b 0'] if fits else []),
            f'if "%~3"=="-c" exit /b {check}',
            also,
            "setlocal EnableDelayedExpansion",
            f'echo {name} ran %2 %3 %4 %5 %6 in "%CD%" PORT=%PORT% WEBHOOK_URL=[!WEBHOOK_URL!]>> "{note}"',
            f"exit /b {run}",
        ]
        self._exe(exe, lines)

    def powershell(self, exe: Path, notes: Path, *, code: int, python: Path | None = None) -> None:
        """Put a stand-in for PowerShell at `exe`, which notes its call and ends with a code; python: what it
        installs for the user."""
        folder = "%LOCALAPPDATA%\\Programs\\Python\\Python312"
        copy = (
            [f'mkdir "{folder}"', f'copy "{windows(python)}" "{folder}\\python.exe" >nul'] if python else []
        )
        self._exe(
            exe, ["@echo off", f'echo powershell ran %*>> "{windows(notes)}"', *copy, f"exit /b {code}"]
        )

    def installed(self) -> Path:
        """Where a user's own Python 3.12 goes."""
        return (
            self.drive_c
            / "users"
            / getpass.getuser()
            / "AppData"
            / "Local"
            / "Programs"
            / "Python"
            / "Python312"
        )

    def _exe(self, exe: Path, lines: list[str]) -> None:
        batch = f"{len(list(self._standins.iterdir()))}.bat"
        (self._standins / batch).write_text("\r\n".join(lines) + "\r\n", encoding="utf-8", newline="")
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr("__main__.py", "")
        exe.parent.mkdir(parents=True, exist_ok=True)
        exe.write_bytes(
            LAUNCHER.read_bytes()
            + f"#!C:\\windows\\system32\\cmd.exe /c C:\\standins\\{batch}\r\n".encode()
            + archive.getvalue()
        )


def windows(path: Path) -> str:
    """The path as Windows names it: Wine's drive Z is this computer's root."""
    return "Z:" + str(path).replace("/", "\\")
