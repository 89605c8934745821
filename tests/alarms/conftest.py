"""Ends that are told, and a journal with alarms."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from alarms.outbox import Told
from alarms.sinks import Mail, Ntfy


@pytest.fixture
def ntfy() -> Iterator[Ntfy]:
    """A server that takes notifications."""
    made = Ntfy()
    yield made
    made.close()


@pytest.fixture
def mail(free_port: int) -> Iterator[Mail]:
    """A mail server."""
    made = Mail(free_port)
    yield made
    made.close()


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    """A journal with alarms that are to be told, and who tells them."""
    made = Told(tmp_path)
    yield made
    made.stop()
