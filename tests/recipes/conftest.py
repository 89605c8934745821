"""The document with the recipes, and a hub for them."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.ports import free_port
from support.running import TempHub
from support.waiting import wait_for

DOCUMENT = Path(__file__).parents[2] / "docs" / "own-probe.md"
ADDRESS = "http://192.168.1.20:8088"
TOKEN = "token-of-a-test"


def blocks(title: str, kind: str) -> list[str]:
    """The blocks of one kind (`sh`, `cpp`, …; empty for none named) below a heading of the document."""
    text = DOCUMENT.read_text(encoding="utf-8")
    part = text.split(f"\n## {title}\n")[1].split("\n## ")[0]
    return re.findall(rf"^```{kind}\n(.*?)^```$", part, re.S | re.M)


def block(title: str, kind: str) -> str:
    """The one block of that kind."""
    (found,) = blocks(title, kind)
    return found


class Receiver:
    """A real hub on the loopback interface, and what it has stored."""

    def __init__(self, data_dir: Path, port: int, **settings: str) -> None:
        self.port, self.settings, self.data_dir = port, settings, data_dir
        self.hub = TempHub(data_dir, port, **settings).ready()

    @property
    def base(self) -> str:
        """What stands in the place of the document's address."""
        return f"http://127.0.0.1:{self.port}"

    def stored(self, probe_id: str) -> list[float | None]:
        """The probe's temperatures, the oldest first."""
        token = f"&token={self.settings['SERVER_TOKEN']}" if "SERVER_TOKEN" in self.settings else ""
        status, told = self.hub.ask("GET", f"/api/readings?probe_id={probe_id}{token}")
        assert status == 200, told
        return [row["temperature_c"] for row in told["readings"]]

    def wait(self, probe_id: str, *values: float | None, seconds: float = 30.0) -> None:
        """Until just these were stored of the probe."""
        wait_for(lambda: len(self.stored(probe_id)) >= len(values), seconds)
        assert self.stored(probe_id)[: len(values)] == list(values)

    def begin_again(self) -> None:
        """The hub's computer is switched on again."""
        self.hub = TempHub(self.data_dir, self.port, **self.settings).ready()


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Callable[..., Receiver]]:
    """Starts a hub with settings."""
    started: list[Receiver] = []

    def start(**settings: str) -> Receiver:
        folder = tmp_path / "hub" / "data"
        folder.mkdir(parents=True)
        started.append(Receiver(folder, free_port(), **settings))
        return started[-1]

    yield start
    for one in started:
        one.hub.stop()
