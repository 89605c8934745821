"""What every test gets: guards that nothing is left behind, and free ports."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

SETTINGS = (
    "HOST",
    "PORT",
    "PUBLIC_BASE",
    "SERVER_TOKEN",
    "CSV_FILE",
    "DEFAULT_INTERVAL_MS",
    "LOG_LEVEL",
    "DATA_DIR",
    "INTERFACES",
    "ARCHIVE_AFTER_DAYS",
    "UI_PASSWORD",
    "ALLOWED_HOSTS",
    "TLS_CERT",
    "TLS_KEY",
    "TLS_PORT",
)
GRACE_S = 5.0
BROWSERS = ("playwright", "chromium", "google-chrome")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Settings of whoever runs the tests do not reach them, and kernels leave no history in that person's home."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path_factory.getbasetemp() / "ipython"))
    for name in (*SETTINGS, "TEMPHUB_ROLE", "TEMPHUB_PAGE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    """No thread and no process outlives a test."""
    threads = set(threading.enumerate())
    processes = {child.pid for child in psutil.Process().children(recursive=True)}
    yield
    deadline = time.monotonic() + GRACE_S
    while (left := [*_left_threads(threads), *_left_processes(processes)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not left


def _left_threads(before: set[threading.Thread]) -> list[threading.Thread]:
    # Playwright's driver and the pools that Python itself keeps for a session are not ours to end.
    kept = ("asyncio_", "playwright", "ThreadPoolExecutor-")
    return [t for t in threading.enumerate() if t not in before and t.is_alive() and not t.name.startswith(kept)]


def _left_processes(before: set[int]) -> list[str]:
    left = []
    for child in psutil.Process().children(recursive=True):
        try:
            said = " ".join(child.cmdline())
            # The browser serves a whole file of tests and keeps spare processes of its own; its fixture ends it.
            spare = any(name in said for name in BROWSERS)
            # Without a command line a process is only being born, or is dying: what stays has one.
            if child.pid not in before and child.status() != psutil.STATUS_ZOMBIE and said.strip() and not spare:
                left.append(said)
        except psutil.Error:
            continue
    return left


@pytest.fixture
def free_port() -> int:
    """A port of the loopback interface that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """An empty data folder with a space and an umlaut in its name, as users have them."""
    folder = tmp_path / "Meßdaten 1"
    folder.mkdir()
    return folder
