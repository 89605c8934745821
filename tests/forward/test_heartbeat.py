"""The heartbeat, with a receiver over real HTTP that keeps to what healthchecks documents."""

from collections.abc import Iterator

import pytest

from support.waiting import wait_for
from support.web_end import Quiet, WebEnd
from temphub_kernel.core.worker import WorkerState
from temphub_kernel.forward.heartbeat import Heartbeat, ill


class Pings(WebEnd):
    """got: (method, path, body) of each call; answer: its status; hold: cleared, it does not answer."""

    def __init__(self) -> None:
        self.got: list[tuple[str, str, str]] = []
        self.answer = 200
        pings = self

        class Handler(Quiet):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                pings.got.append((self.command, self.path, body))
                pings.hold.wait(30)
                self.send_response(pings.answer)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"OK")

            do_POST = do_GET

        super().__init__(Handler)
        self.url = f"http://127.0.0.1:{self.port}/ping/5f2c"


@pytest.fixture
def pings() -> Iterator[Pings]:
    made = Pings()
    yield made
    made.close()


def test_it_is_called_while_all_is_well_and_told_what_is_not(pings: Pings) -> None:
    """GET while readings are recorded; POST to /fail with the reason while they are not; a part that does not
    matter changes nothing."""
    states = [WorkerState("writer", True), WorkerState("mqtt", True, "The broker is away.", "Wait.")]
    beat = Heartbeat(pings.url + "?rid=1", lambda: states, every_s=0.01)
    beat.start()
    try:
        wait_for(lambda: len(pings.got) > 1)
        assert set(pings.got) == {("GET", "/ping/5f2c?rid=1", "")}
        states[0] = WorkerState("writer", True, "The disk is full.", "Make room.")
        wait_for(lambda: ("POST", "/ping/5f2c/fail?rid=1", "The disk is full.") in pings.got)
    finally:
        assert beat.stop()


def test_who_does_not_take_it_is_told_on_the_page(pings: Pings) -> None:
    """A refusal is shown with its status and goes away by itself; one who holds the call does not hold up the
    stop."""
    pings.answer = 404
    beat = Heartbeat(pings.url, lambda: [WorkerState("writer", True)], every_s=0.01)
    beat.start()
    try:
        wait_for(lambda: "answers 404" in beat.state().problem)
        pings.answer = 200
        wait_for(lambda: not beat.state().problem)
        pings.hold.clear()
        calls = len(pings.got)
        wait_for(lambda: len(pings.got) > calls)
    finally:
        assert beat.stop(4)


def test_what_has_to_run() -> None:
    """Ill is a writer or endpoint that does not run, or says what is wrong."""
    assert (
        ill([WorkerState("writer", False), WorkerState("endpoint", True)]) == "The writer part does not run."
    )
    assert not ill([WorkerState("discovery", False), WorkerState("writer", True)])
