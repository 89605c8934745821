"""A real Chromium, driven by Playwright, and a real `temphub` for it to look at."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from support.ports import free_port
from support.running import TempHub
from support.waiting import cannot

ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str:
    """The path of a Chromium."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    return cannot("there is no Chromium on this computer (Debian: apt-get install chromium)")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for a file of tests; each test opens contexts of its own. Ended with the file: Playwright's loop would be
    taken for theirs by libraries that other tests use."""
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def start_temphub(data_dir: Path, free_port: int) -> Iterator[Callable[..., TempHub]]:
    """Starts `temphub` on the test's data folder and port."""
    started: list[TempHub] = []

    def start(*arguments: str, **settings: str) -> TempHub:
        started.append(TempHub(data_dir, free_port, *arguments, **settings))
        return started[-1].ready()

    yield start
    for temphub in started:
        temphub.kill()


@pytest.fixture(scope="module")
def lasting_temphub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., TempHub]]:
    """Starts `temphub` for all tests of a file that leave it as good as it was; `fill` writes its journal beforehand."""
    started: list[TempHub] = []

    def start(fill: Callable[[Path], object] = lambda _: None, **settings: str) -> TempHub:
        folder = tmp_path_factory.mktemp("lasting") / "Meßdaten 1"
        folder.mkdir()
        fill(folder)
        started.append(TempHub(folder, free_port(), **settings))
        return started[-1].ready()

    yield start
    for temphub in started:
        temphub.kill()
