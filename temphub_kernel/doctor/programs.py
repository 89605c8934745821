"""Python, the packages, and the versions of the hub and of this command."""

import importlib.metadata
import platform
import struct
import sys
import tomllib
from collections.abc import Iterable

from packaging.requirements import InvalidRequirement, Requirement

from .._version import __version__
from ..base import paths
from ..base.finding import Finding, problem, warning, well
from .case import Case

OLDEST = (3, 11)
SHOWN = ("voila", "ipykernel", "tornado", "zeroconf", "pandas")


def python(_case: Case) -> Iterable[Finding]:
    """Which Python this is, and whether it is one that the hub can use."""
    bits = struct.calcsize("P") * 8
    said = f"Python {platform.python_version()}, {bits} bit, on {platform.platform()}: {sys.executable}"
    if sys.version_info[:2] < OLDEST:
        yield problem("Python", f"{said} is too old for TempHub.", "Install Python 3.12 from python.org, then start again.")
    elif bits < 64:
        yield warning("Python", f"{said}; some packages are not offered for 32 bit.", "Install a 64-bit Python from python.org.")
    else:
        yield well("Python", f"{said}.")


def packages(_case: Case) -> Iterable[Finding]:
    """Whether each requirement is installed in a version that fits."""
    wanted = requirements()
    wrong = [text for need in wanted if (text := lacking(need))]
    if wrong:
        remedy = "Start the hub with Start.bat or temphub_kernel/bootstrap.py, which installs what is needed; or run `pip install -e .`."
        yield problem("Packages", f"Not as TempHub needs them: {'; '.join(wrong)}.", remedy)
    else:
        shown = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in SHOWN)
        yield well("Packages", f"All {len(wanted)} are there, among them {shown}.")


def versions(case: Case) -> Iterable[Finding]:
    """Whether the running hub is of the version that is installed."""
    runs = case.health.get("version", "")
    if not runs:
        yield well("Version", f"TempHub {__version__}.")
    elif runs == __version__:
        yield well("Version", f"TempHub {__version__}; the running hub is the same.")
    else:
        remedy = "Stop the hub and start it again."
        yield warning("Version", f"TempHub {__version__} is installed, but the hub that runs is still {runs}.", remedy)


def requirements() -> list[Requirement]:
    """What TempHub needs: the checkout's own list, else that of the installed package."""
    project = paths.CHECKOUT / "pyproject.toml"
    if paths.is_checkout(paths.CHECKOUT) and project.is_file():
        lines = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"]
    else:
        lines = importlib.metadata.requires("temphub") or []
    return [need for line in lines if (need := _needed(line))]


def lacking(need: Requirement) -> str:
    """What is wrong with one package in a few words; empty when it is as needed."""
    try:
        met = importlib.metadata.version(need.name)
    except importlib.metadata.PackageNotFoundError:
        return f"{need.name} is missing"
    return "" if need.specifier.contains(met, prereleases=True) else f"{need.name} is {met}, needed is {need.specifier}"


def _needed(line: str) -> Requirement | None:
    try:
        need = Requirement(line)
    except InvalidRequirement:
        return None
    return need if need.marker is None or need.marker.evaluate({"extra": ""}) else None
