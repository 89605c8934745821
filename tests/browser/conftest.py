"""A real Chromium, driven by Playwright, and a real `temphub` for it to look at."""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, Error, sync_playwright

from support.ports import free_port
from support.running import TempHub
from support.waiting import PATIENCE_S, cannot, wait_for

# Of what a page shows before its widgets are there.
FIRST_VIEW = b'class="th-picture-of'
# Closing takes a tenth of a second; on a machine that is new and busy it may take some.
CLOSE_S = 45.0
# The two pages behind the address bar's list, which Chromium 156 renders for each window though nobody sees
# it: more than half of what opening a page costs. Of several such arguments the last one counts, so what
# Playwright switches off is said again.
OFF = [
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "AimEnabled",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
]
ARGUMENTS = [
    f"--disable-features={','.join(OFF)}",
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


@contextmanager
def launched(close_s: float = CLOSE_S) -> Iterator[Browser]:
    """A Chromium. It, or a context of it, that does not close in time is killed and fails its test: no run of
    tests waits for ever."""
    path = chromium()
    with sync_playwright() as playwright:
        before = chromiums()
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        ours = [process for process in chromiums() if process not in before]
        make = browser.new_context

        def new_context(**options: Any) -> BrowserContext:
            context = make(**options)
            # Playwright gives up sooner than whoever waits beside the tests of three other workers.
            context.set_default_timeout(1000 * PATIENCE_S)
            close = context.close

            def bounded() -> None:
                with _in_time(ours, close_s):
                    close()

            context.close = bounded  # type: ignore[method-assign]
            return context

        browser.new_context = new_context  # type: ignore[method-assign]
        yield browser
        with _in_time(ours, close_s):
            browser.close()


def chromiums() -> list[psutil.Process]:
    """The browsers, without their helpers, that this process has begun."""
    found = psutil.Process().children(recursive=True)
    return [
        one for one in found if one.name().startswith("chrom") and "--type=" not in " ".join(one.cmdline())
    ]


@contextmanager
def _in_time(processes: list[psutil.Process], limit_s: float) -> Iterator[None]:
    killed = threading.Event()

    def kill() -> None:
        killed.set()
        for process in processes:
            with suppress(psutil.Error):
                process.kill()

    timer = threading.Timer(limit_s, kill)
    timer.start()
    try:
        yield
    except Error:
        # What Playwright says of a browser that was killed in the middle.
        if not killed.is_set():
            raise
    finally:
        timer.cancel()
        timer.join()
    if killed.is_set():
        pytest.fail(f"Chromium did not close within {limit_s:g} s and was killed.")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for a file of tests; each test opens contexts of its own. Ended with the file: Playwright's
    loop would be taken for theirs by libraries that other tests use."""
    with launched() as browser:
        yield browser


@pytest.fixture
def start_temphub(data_dir: Path, free_port: int) -> Iterator[Callable[..., TempHub]]:
    """Starts `temphub` on the test's data folder and port."""
    started: list[TempHub] = []

    def start(*arguments: str, **settings: str) -> TempHub:
        started.append(TempHub(data_dir, free_port, *arguments, **settings))
        started[-1].ready().page_ready()
        return started[-1]

    yield start
    for temphub in started:
        temphub.kill()


@pytest.fixture
def temphub(lasting: TempHub) -> TempHub:
    """The hub that a file calls `lasting`, with a viewer kernel and visits kept ready."""
    wait_for(lambda: lasting.answers() and len(lasting.kernels()) == 2, 60)
    return lasting


@pytest.fixture(scope="module")
def lasting_temphub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., TempHub]]:
    """Starts `temphub` for all tests of a file that leave it as good as it was; `fill` writes its journal
    beforehand."""
    started: list[TempHub] = []

    def start(fill: Callable[[Path], object] = lambda _: None, **settings: str) -> TempHub:
        folder = tmp_path_factory.mktemp("lasting") / "Meßdaten 1"
        folder.mkdir()
        fill(folder)
        started.append(temphub := TempHub(folder, free_port(), **settings))
        temphub.ready()
        # While the pages' kernel is still busy with its own start a page begins without its first view.
        wait_for(lambda: temphub.answers() and FIRST_VIEW in temphub.page_ready(), 60, 0.2)
        return temphub

    yield start
    for temphub in started:
        temphub.kill()
