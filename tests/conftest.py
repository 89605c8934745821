"""What every test gets: guards that nothing is left behind, and free ports."""

import sys
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from support import ports
from support.alone import turn
from support.compiled import compile_all, rewrite_all
from support.island import land
from support.leftovers import Before
from temphub_kernel.core.settings import ALLOWED

GRACE_S = 5.0
# jsonschema builds the grammars of international URIs when it is imported, which takes seconds in every worker. No schema here asks
# for one; without the grammars it leaves that one check out, as the page server has it too (temphub_kernel/server/__init__.py).
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def pytest_configure(config: pytest.Config) -> None:
    """Each worker has a loopback of its own, where the system allows it: before any thread is started that tests use."""
    land()
    # Workers find it done.
    if not hasattr(config, "workerinput"):
        compile_all()
        if config.getoption("numprocesses", None) and __spec__ is not None and __spec__.loader is not None:
            rewrite_all(__spec__.loader)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Files whose tests wait much (a browser's, or those that may take longest) are spread over the first two thirds: beside them run
    those that compute, and no worker is left waiting for one of them at the end."""
    usual_s = float(config.getoption("timeout") or 0)
    long = {item.path for item in items for mark in item.iter_markers("timeout") if mark.args[0] > usual_s}
    long |= {item.path for item in items if item.get_closest_marker("browser")}
    files = list(dict.fromkeys(item.path for item in items))
    place = {path: float(n) for n, path in enumerate(path for path in files if path not in long)}
    if long:
        apart = 2 / 3 * len(place) / len(long)
        place |= {path: n * apart - 0.5 for n, path in enumerate(path for path in files if path in long)}
    items.sort(key=lambda item: place[item.path])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """With several workers (`-n 3`) a file stays together, for what its tests share, and files begin in the order above."""
    from xdist.scheduler import LoadFileScheduling

    config.option.loadscopereorder = False
    return LoadFileScheduling(config, log)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """A test marked `alone` has the computer to itself, as far as the other workers go. Waiting for that is not the test's time."""
    with turn(item.config.cache.mkdir("turns"), alone=item.get_closest_marker("alone") is not None):
        return (yield)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Settings of whoever runs the tests do not reach them, and kernels leave no history in that person's home."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path_factory.getbasetemp() / "ipython"))
    for name in (*ALLOWED, "TEMPHUB_ROLE", "TEMPHUB_PAGE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    """No thread, process or network namespace outlives a test, nor does the child of a process that was killed."""
    before = Before()
    yield
    deadline = time.monotonic() + GRACE_S
    while (left := before.left()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not left


@pytest.fixture
def free_port() -> int:
    """A port of the loopback interface that nobody uses."""
    return ports.free_port()


@pytest.fixture
def start_here(monkeypatch: pytest.MonkeyPatch, data_dir: Path, free_port: int) -> Iterator[Callable[..., Any]]:
    """Starts the hub in this process, on the loopback interface; settings as in the environment. Stopped at the end."""
    import temphub_kernel as th

    def start(**settings: str) -> Any:
        place = {"DATA_DIR": str(data_dir), "PORT": str(free_port), "HOST": "127.0.0.1", "INTERFACES": "127.0.0.1"}
        for name, value in {**place, **settings}.items():
            monkeypatch.setenv(name, value)
        return th.start()

    yield start
    th.stop()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """An empty data folder with a space and an umlaut in its name, as users have them."""
    folder = tmp_path / "Meßdaten 1"
    folder.mkdir()
    return folder
