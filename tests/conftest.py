"""What every test gets: guards that nothing is left behind, and free ports."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from support import ports
from support.alone import Turn, is_alone
from support.compiled import compile_all, rewrite_all
from support.island import land
from support.leftovers import Before
from support.waiting import PATIENCE_S
from temphub_kernel.core.settings import ALLOWED

GRACE_S = PATIENCE_S
TURN = pytest.StashKey[Turn]()
# jsonschema builds the grammars of international URIs when it is imported, which takes seconds in every
# worker. No schema here asks for one; without the grammars it leaves that one check out, as the page server
# has it too (temphub_kernel/server/__init__.py).
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def pytest_configure(config: pytest.Config) -> None:
    """Each worker has a loopback of its own, where the system allows it: before any thread is started that
    tests use."""
    land()
    # Workers find it done.
    if not hasattr(config, "workerinput"):
        workers = config.getoption("numprocesses", None)
        if workers or sys.dont_write_bytecode:
            compile_all()
        if workers and __spec__ is not None and __spec__.loader is not None:
            rewrite_all(__spec__.loader)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Those that run alone come first: nobody has to end something else for them. Files whose tests wait much
    (a browser's, or those that may take longest) are spread over the first two thirds of the others: beside
    them run those that compute, and no worker is left waiting for one of them at the end."""
    usual_s = float(config.getoption("timeout") or 0)
    alone = {item for item in items if item.get_closest_marker("alone")}
    for item in alone:
        assert is_alone(config.rootpath, item.nodeid), f"{item.nodeid}: its mark is not found in its file"
        limit_s = next((mark.args[0] for mark in item.iter_markers("timeout")), usual_s)
        # Without the waiting for the others' tests to end.
        item.add_marker(pytest.mark.timeout(limit_s, func_only=True), append=False)
    first = Counter(item.path for item in alone)
    others = [item for item in items if item not in alone]
    long = {item.path for item in others for mark in item.iter_markers("timeout") if mark.args[0] > usual_s}
    long |= {item.path for item in others if item.get_closest_marker("browser")}
    files = dict.fromkeys(item.path for item in others)
    place = {path: float(n) for n, path in enumerate(path for path in files if path not in long)}
    if long:
        apart = 2 / 3 * len(place) / len(long)
        place |= {path: n * apart - 0.5 for n, path in enumerate(path for path in files if path in long)}
    # The most first: the others end beside them.
    items.sort(
        key=lambda item: (0, -first[item.path], str(item.path)) if item in alone else (1, place[item.path])
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """With several workers (`-n 4`) a file stays together, for what its tests share, but for those that run
    alone, which would keep the others waiting amid them; and files begin in the order above. Those that run
    in Wine share the one that their worker makes, which takes long and 700 MB."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            if file.endswith("_in_wine.py"):
                return "Wine"
            return f"{file} alone" if is_alone(config.rootpath, nodeid) else file

    config.option.loadscopereorder = False
    return ByFile(config, log)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Each test has a place among those of the other workers. Waiting for it is not the test's time."""
    with Turn(item.config.cache.mkdir("turns")) as item.stash[TURN]:
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """A test marked `alone` has the computer to itself, as far as the other workers go; its fixtures are set
    up and taken down beside other tests. With `itself=True` it takes that turn when it needs it, by the
    fixture `turn`."""
    mark = item.get_closest_marker("alone")
    if mark is None or mark.kwargs.get("itself"):
        return (yield)
    with item.stash[TURN].alone():
        return (yield)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Settings of whoever runs the tests do not reach them, and kernels leave no history in that person's
    home."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path_factory.getbasetemp() / "ipython"))
    for name in (*ALLOWED, "TEMPHUB_ROLE", "TEMPHUB_PAGE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    """No thread, process or network namespace outlives a test, nor does the child of a process that was
    killed."""
    before = Before()
    yield
    deadline = time.monotonic() + GRACE_S
    while (left := before.left()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not left


@pytest.fixture
def turn(request: pytest.FixtureRequest) -> Turn:
    """The test's own among those of all workers: one marked `alone` lets others in by it when it promises no
    time."""
    return request.node.stash[TURN]


@pytest.fixture
def free_port() -> int:
    """A port of the loopback interface that nobody uses."""
    return ports.free_port()


@pytest.fixture
def start_here(
    monkeypatch: pytest.MonkeyPatch, data_dir: Path, free_port: int
) -> Iterator[Callable[..., Any]]:
    """Starts the hub in this process, on the loopback interface; settings as in the environment. Stopped at
    the end."""
    import temphub_kernel as th

    def start(**settings: str) -> Any:
        place = {
            "DATA_DIR": str(data_dir),
            "PORT": str(free_port),
            "HOST": "127.0.0.1",
            "INTERFACES": "127.0.0.1",
        }
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
