"""Stand-ins for `schtasks`, `systemctl` and `launchctl`: programs on PATH that note how they were called."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

TOOL = """#!{python}
import json, os, shutil, sys
words = sys.argv[1:]
with open({notes!r}, "a", encoding="utf-8") as notes:
    notes.write(json.dumps([os.path.basename(sys.argv[0]), *words]) + "\\n")
for word in words:
    if word.endswith(".xml") and os.path.exists(word):
        shutil.copy(word, {copy!r})
# A task that nobody made is not known.
unknown = words[:1] == ["/query"] and not os.path.exists({copy!r})
code = {code} or int({refuses!r} in words) or int(unknown)
print("Zugriff verweigert" if code else "state = running")
sys.exit(code)
"""


class Computer:
    """A home folder with signs that trouble files, and the tool of one system on PATH: it answers with a
    code, or refuses one word."""

    def __init__(self, base: Path, tool: str, code: int = 0, refuses: str = "") -> None:
        self.home = base / "Jörg & Söhne 100%"
        self.data = self.home / "Meß daten"
        self.copy = base / "copy.xml"
        self._notes = base / "notes.txt"
        tools = base / "tools"
        for folder in (self.data, tools):
            folder.mkdir(parents=True, exist_ok=True)
        path = tools / tool
        told = TOOL.format(
            python=sys.executable, notes=str(self._notes), copy=str(self.copy), code=code, refuses=refuses
        )
        path.write_text(told, encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        self.environ = {
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.home),
            "DATA_DIR": str(self.data),
        }
        self.environ |= {
            "XDG_CONFIG_HOME": str(self.home / ".config"),
            "PORT": "8099",
            "SERVER_TOKEN": 'a"b%c$d',
            "PYTHONPATH": "",
        }

    @property
    def calls(self) -> list[list[str]]:
        """The tool's name and arguments, call by call."""
        import json

        return (
            [json.loads(line) for line in self._notes.read_text(encoding="utf-8").splitlines()]
            if self._notes.exists()
            else []
        )


def verify(unit: Path) -> "subprocess.CompletedProcess[str] | None":
    """What systemd itself thinks of a unit; None where systemd is not installed."""
    tool = shutil.which("systemd-analyze")
    return (
        subprocess.run([tool, "verify", "--user", str(unit)], capture_output=True, text=True, check=False)
        if tool
        else None
    )
