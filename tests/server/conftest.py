"""`temphub` as a process, stopped after the test whatever happened."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.ports import free_port as a_free_port
from support.running import TempHub
from support.waiting import wait_for


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


@pytest.fixture
def ready_temphub(start_temphub: Callable[..., TempHub]) -> TempHub:
    """`temphub` on the test's data folder and port, which has started all that it will."""
    temphub = start_temphub().ready()
    wait_for(lambda: len(temphub.kernels()) == 2, 90)
    return temphub


@pytest.fixture
def opened_temphub(ready_temphub: TempHub) -> TempHub:
    """Its page was opened: what goes on after a start is over, and in nobody's way who is alone."""
    ready_temphub.page_ready()
    return ready_temphub


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TempHub]:
    """A hub with its page server, the same for all tests of a file: each ends with it working."""
    folder = tmp_path_factory.mktemp("hub") / "data"
    folder.mkdir()
    temphub = TempHub(folder, a_free_port())
    try:
        wait_for(temphub.answers, 120)
        wait_for(lambda: temphub.ask("GET", "/", timeout_s=60)[0] == 200, 60)
        yield temphub
    finally:
        temphub.kill()
