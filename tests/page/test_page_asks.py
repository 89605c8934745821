"""What is asked of the hub by a page: one thing at a time of each subject, and none is dropped."""

import threading

import pytest

from support.waiting import PATIENCE_S, wait_for
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.page import tongue
from temphub_kernel.page.widgets.base import MOST_WAITING, Asks


class Hub:
    """Does what it is asked when it may; what it did, in order."""

    def __init__(self):
        self.may, self.did = threading.Event(), []

    def work(self, name, error=None):
        def work():
            assert self.may.wait(30)
            self.did.append(name)
            if error:
                raise error
            return f"{name} done."

        return work


@pytest.fixture
def hub():
    hub = Hub()
    yield hub
    hub.may.set()


@pytest.fixture
def asks():
    asks = Asks(lambda: None)
    yield asks
    asks.stop()


def ended(asks, subject="a"):
    return wait_for(lambda: not asks.busy(subject), 10)


def test_what_is_asked_meanwhile_is_done_next(asks, hub):
    """In its order, each once; other subjects do not wait for it; the last outcome is the one that is
    read."""
    for name in ("one", "two", "three"):
        asks.go("a", f"{name} …", hub.work(name))
    asks.go("b", "other …", lambda: "At once.")
    assert ended(asks, "b") and asks.outcomes["b"] == "At once." and asks.outcomes["a"] == "one …"
    hub.may.set()
    assert ended(asks) and hub.did == ["one", "two", "three"] and asks.outcomes["a"] == "three done."


def test_of_what_is_tried_only_the_last_counts(asks, hub):
    """A try that waits is forgotten for the next one; what has to be done between them is not."""
    asks.go("a", "try …", hub.work("first try"), last_counts=True)
    asks.go("a", "try …", hub.work("second try"), last_counts=True)
    asks.go("a", "removing …", hub.work("removal"))
    asks.go("a", "try …", hub.work("third try"), last_counts=True)
    hub.may.set()
    assert ended(asks) and hub.did == ["first try", "removal", "third try"]


def test_a_refusal_is_still_read_when_the_next_is_done(asks, hub):
    """In the language of who asked for it; that of a try that nobody wants any more is not."""
    tongue.speak("de")
    asks.go("a", "…", hub.work("one", TempHubError("The hub is odd.", "Try again in some seconds.")))
    tongue.speak("fr")
    asks.go("a", "…", hub.work("two"))
    hub.may.set()
    refused = "The hub is odd. Versuchen Sie es in einigen Sekunden wieder."
    assert ended(asks) and asks.outcomes["a"] == f"{refused} two done."
    assert "th-refused" in asks.said("a")
    tongue.silent()
    asks.go("a", "…", hub.work("three"))
    assert ended(asks) and asks.outcomes["a"] == "three done."
    assert "th-outcome" in asks.said("a") and "th-refused" not in asks.said("a")
    hub.may.clear()
    asks.go("a", "…", hub.work("try", TempHubError("No.", "Stop.")), last_counts=True)
    asks.go("a", "…", hub.work("four"))
    hub.may.set()
    assert ended(asks) and asks.outcomes["a"] == "four done."


def test_a_front_end_cannot_have_any_number_wait(asks, hub):
    """What nobody presses is not kept."""
    for name in range(3 * MOST_WAITING):
        asks.go("a", "…", hub.work(name))
    hub.may.set()
    assert ended(asks) and hub.did == list(range(MOST_WAITING + 1))


def test_a_page_that_is_closed_asks_nothing_more(asks, hub):
    """What waits is not begun once its page is gone."""
    asks.go("a", "…", hub.work("one"))
    asks.go("a", "…", hub.work("two"))
    asks.stop()
    hub.may.set()
    assert wait_for(lambda: hub.did, 10)
    (thread,) = [one for one in threading.enumerate() if one.name.startswith("temphub-ask")] or [None]
    if thread is not None:
        thread.join(PATIENCE_S)
    assert hub.did == ["one"]
