"""Workers, errors and the log that says things once."""

import logging
import threading

import pytest

from support.waiting import PATIENCE_S, wait_for
from temphub_kernel.core.errors import TempHubError, describe
from temphub_kernel.core.logs import REMEMBERED, Once
from temphub_kernel.core.worker import Worker


class Failing(Worker):
    """Fails as often as it is told, then works."""

    def __init__(self, failures: int) -> None:
        super().__init__("testing", pause_s=0.01)
        self.failures = failures
        self.runs = 0
        self.working = threading.Event()

    def run(self) -> None:
        self.runs += 1
        if self.runs <= self.failures:
            raise TempHubError("The cable is out.", "Plug it in.") if self.runs % 2 else OSError("bad")
        self.well()
        self.working.set()
        self.stopping.wait()


def test_start_and_stop() -> None:
    """A worker runs after start, twice is once, ends with stop, and can be started again."""
    worker = Failing(0)
    assert not worker.state().running and worker.stop()
    worker.start()
    worker.start()
    assert worker.working.wait(PATIENCE_S) and worker.runs == 1 and worker.state().running
    assert worker.stop() and not worker.state().running
    worker.start()
    wait_for(lambda: worker.runs == 2)
    assert worker.stop()


def test_a_failure_is_shown_and_tried_again() -> None:
    """A worker that breaks tells its problem, says that it is tried again, and recovers by itself."""
    worker = Failing(10**9)
    worker.start()
    wait_for(lambda: worker.state().problem == "The cable is out.")
    assert "is tried again in 0.01 s" in worker.state().remedy and worker.state().running
    wait_for(lambda: "OSError: bad" in worker.state().problem)
    worker.failures = 0
    assert worker.working.wait(PATIENCE_S) and worker.state().problem == ""
    assert worker.stop()


def test_stop_says_when_it_did_not_end() -> None:
    """A thread that does not end in time is told, not hidden."""
    release = threading.Event()

    class Stubborn(Worker):
        def run(self) -> None:
            release.wait()

    worker = Stubborn("stubborn")
    worker.start()
    assert not worker.stop(0.01)
    release.set()
    assert worker.stop()


def test_describe() -> None:
    """An error with words keeps them; any other is named, never hidden."""
    assert describe(TempHubError("A.", "Do B.")) == ("A.", "Do B.")
    assert "KeyError: 'x'" in describe(KeyError("x"))[0]
    assert TempHubError("A.", "Do B.", code="c").as_json() == {
        "ok": False,
        "error": "c",
        "problem": "A.",
        "remedy": "Do B.",
    }


def test_once(caplog: pytest.LogCaptureFixture) -> None:
    """A repeated line is a warning once, then debug; a new text or an end in between makes it a warning
    again."""
    caplog.set_level(logging.DEBUG)
    once = Once(logging.getLogger("once"))
    for text in ("a", "a", "b"):
        once.warn("key", text)
    once.clear("key", "over")
    once.clear("key", "over")
    once.warn("key", "b")
    assert [(r.levelname, r.message) for r in caplog.records] == [
        ("WARNING", "a"),
        ("DEBUG", "a"),
        ("WARNING", "b"),
        ("INFO", "over"),
        ("WARNING", "b"),
    ]


def test_once_is_bounded(caplog: pytest.LogCaptureFixture) -> None:
    """However many different lines there are, only the latest are remembered."""
    caplog.set_level(logging.DEBUG)
    once = Once(logging.getLogger("once"), most=2 * REMEMBERED)
    for number in range(REMEMBERED + 1):
        once.warn(str(number), "x")
    caplog.clear()
    once.warn("0", "x")
    once.warn(str(REMEMBERED), "x")
    assert [record.levelname for record in caplog.records] == ["WARNING", "DEBUG"]
