"""`temphub` as a process, stopped after the test whatever happened."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.running import TempHub


@pytest.fixture
def start_temphub(data_dir: Path, free_port: int) -> Iterator[Callable[..., TempHub]]:
    """Starts `temphub` on the test's data folder and port."""
    started: list[TempHub] = []

    def start(*arguments: str, port: int = free_port, folder: Path = data_dir, **settings: str) -> TempHub:
        started.append(TempHub(folder, port, *arguments, **settings))
        return started[-1]

    yield start
    for temphub in started:
        temphub.kill()
