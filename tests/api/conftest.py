"""A real endpoint on a real journal, on a free port of the loopback interface."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from alarms.sinks import Ntfy
from support.endpoint import Hub
from support.page_server import PageServer


@pytest.fixture
def make_hub(data_dir: Path) -> Iterator[Callable[..., Hub]]:
    """Makes endpoints; each is stopped after the test."""
    made: list[Hub] = []

    def make(**options: Any) -> Hub:
        made.append(Hub(data_dir, **options))
        return made[-1]

    yield make
    for hub in made:
        hub.stop()


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    """An endpoint without a token."""
    return make_hub()


@pytest.fixture
def ntfy() -> Iterator[Ntfy]:
    """A server that takes notifications."""
    made = Ntfy()
    yield made
    made.close()


@pytest.fixture
def page() -> Iterator[PageServer]:
    """A page server to stand behind an endpoint."""
    server = PageServer()
    yield server
    server.stop()
