"""conda users get the same requirements as pip users."""

import re
import tomllib

import yaml

from install.tiny import CHECKOUT

# name at PyPI -> name at conda-forge, where they differ.
RENAMED = {
    "jupyter-server": "jupyter_server",
    "jupyter-client": "jupyter_client",
    "prometheus-client": "prometheus_client",
}
# Not at conda-forge under a name that we know: pip brings them.
BY_PIP = {"python-calamine", "typst"}
ENVIRONMENT = yaml.safe_load((CHECKOUT / "environment.yml").read_text(encoding="utf-8"))
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def split(requirement: str) -> tuple[str, str]:
    """('voila', '>=0.5.8,<0.6') of 'voila >=0.5.8,<0.6'."""
    name = re.match(r"[\w.-]+", requirement)
    assert name, requirement
    return name[0], requirement[name.end() :].replace(" ", "")


def test_conda_and_pip_have_the_same_requirements() -> None:
    """Every requirement of pyproject.toml is in environment.yml under its conda name and with the same
    bounds, and none besides; what only pip brings stands there for it, with its bounds too."""
    wanted = {RENAMED.get(name, name): bounds for name, bounds in map(split, PROJECT["dependencies"])}
    assert wanted, "pyproject.toml has lost its requirements"
    wanted |= {"python": PROJECT["requires-python"], "pip": ""}
    given = dict(split(line) for line in ENVIRONMENT["dependencies"] if isinstance(line, str))
    by_pip = dict(split(line) for line in ENVIRONMENT["dependencies"][-1]["pip"] if not line.startswith("-"))
    assert given.keys().isdisjoint(by_pip) and given | by_pip == wanted and by_pip.keys() == BY_PIP


def test_conda_adds_the_checkout_itself_and_fetches_from_one_channel() -> None:
    """`conda env create` alone makes `temphub` a command, under the name that the README uses, with conda's
    packages from conda-forge only."""
    assert ENVIRONMENT["name"] == "temphub"
    assert ENVIRONMENT["channels"] == ["conda-forge"]
    assert (
        set(ENVIRONMENT["dependencies"][-1]) == {"pip"}
        and ENVIRONMENT["dependencies"][-1]["pip"][-1] == "-e ."
    )
