"""A tiny stand-in for the checkout, which pip really installs without any network. This file is also its
build backend."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
PATIENCE_S = 60
HUB = """
import json, os, sys
from importlib.util import find_spec
known = [name for name in ("sensors",) if find_spec(name)]
print(json.dumps({"arguments": sys.argv[1:], "prefix": sys.prefix, "data_dir": os.environ.get("DATA_DIR"),
  "packages": known}))
sys.exit(int(os.environ.get("HUB_EXIT", "0")))
"""
PYPROJECT = """
[build-system]
requires = []
build-backend = "tiny"
backend-path = ["backend"]
[project]
name = "temphub"
version = "0.1.0"
dependencies = {needs}
"""


def write_wheel(
    folder: Path, name: str, version: str, files: dict[str, str], needs: tuple[str, ...] = ()
) -> str:
    """Make a wheel in a folder; returns its file name."""
    info = f"{name}-{version}.dist-info"
    metadata = "".join(
        [
            "Metadata-Version: 2.1\n",
            f"Name: {name}\n",
            f"Version: {version}\n",
            *(f"Requires-Dist: {need}\n" for need in needs),
        ]
    )
    tags = "Wheel-Version: 1.0\nGenerator: tiny\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    whole = {**files, f"{info}/METADATA": metadata, f"{info}/WHEEL": tags}
    whole[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*whole, f"{info}/RECORD"])
    file_name = f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(folder / file_name, "w") as wheel:
        for path, text in whole.items():
            wheel.writestr(path, text)
    return file_name


def build_editable(
    wheel_directory: str, config_settings: object = None, metadata_directory: object = None
) -> str:
    """What pip asks of a build backend (PEP 660), for the project in the working folder."""
    needs = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    return write_wheel(
        Path(wheel_directory), "temphub", "0.1.0", {"temphub.pth": f"{Path.cwd()}\n"}, tuple(needs)
    )


class Tiny:
    """A checkout with the real bootstrap, in a folder with signs that trouble batch files, pip and code
    pages."""

    def __init__(self, base: Path) -> None:
        self.root = base / "Größe [1] (a) & so"
        self.home = base / "home"
        self.wheels = base / "wheels"
        for folder in (self.root / "temphub_kernel", self.root / "backend", self.home, self.wheels):
            folder.mkdir(parents=True)
        for name in ("bootstrap.py", "bootstrap-causes.txt"):
            shutil.copy(CHECKOUT / "temphub_kernel" / name, self.root / "temphub_kernel")
        shutil.copy(__file__, self.root / "backend")
        (self.root / "temphub_kernel" / "__init__.py").write_text("")
        (self.root / "temphub_kernel" / "__main__.py").write_text(HUB)
        write_wheel(self.wheels, "sensors", "2.0", {"sensors.py": ""})
        self.needs()

    def needs(self, *requirements: str) -> None:
        """Write the project's requirements."""
        (self.root / "pyproject.toml").write_text(
            PYPROJECT.format(needs=json.dumps(requirements)), encoding="utf-8"
        )

    @property
    def venv(self) -> Path:
        """Where the environment belongs."""
        return self.root / ".venv"

    @property
    def log(self) -> str:
        """What start.log holds."""
        return (self.root / "start.log").read_text(encoding="utf-8")

    def environ(self, **more: str) -> dict[str, str]:
        """No settings of this computer, and packages from the folder `wheels` only."""
        outer = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PIP_", "UV_", "PYTHON", "CONDA", "XDG_"))
        }
        # A uv of this computer would be preferred to pip; a test that wants one puts it first in PATH itself.
        folders = [
            folder for folder in outer["PATH"].split(os.pathsep) if not shutil.which("uv", path=folder)
        ]
        outer["PATH"] = os.pathsep.join(folders)
        ours = {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": self.wheels.as_uri(),
            "XDG_DATA_HOME": str(self.home),
        }
        return {**outer, **ours, "PYTHONIOENCODING": "utf-8", **more}

    def begin(
        self, *arguments: str, before: tuple[str, ...] = (), python: str = sys.executable, **environ: str
    ) -> "subprocess.Popen[str]":
        """Start it as Start.bat does; it may be waited for, or ended."""
        return subprocess.Popen(
            [*before, python, str(self.root / "temphub_kernel" / "bootstrap.py"), *arguments],
            cwd=self.root,
            env=self.environ(**environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            start_new_session=True,
        )

    def start(
        self, *arguments: str, before: tuple[str, ...] = (), python: str = sys.executable, **environ: str
    ) -> tuple[int, str]:
        """Start it and wait: (exit code, what the console showed)."""
        return end(self.begin(*arguments, before=before, python=python, **environ))


def end(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """Wait for a start to end: (exit code, what the console showed)."""
    shown, _ = process.communicate(timeout=PATIENCE_S)
    return process.returncode, shown


def hub(shown: str) -> dict[str, object]:
    """What the stand-in hub said about itself, as the last line."""
    return dict(json.loads(shown.strip().splitlines()[-1]))
