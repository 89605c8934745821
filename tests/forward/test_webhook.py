"""The webhook: every reading at least once, in order, whatever the other side does."""

import base64
from collections.abc import Callable

import pytest

from support.waiting import wait_for
from temphub_kernel.forward.webhook import Webhook
from temphub_kernel.journal import Reader


@pytest.fixture
def start(journal, receiver):
    """Starts webhooks to the receiver, and stops them at the end."""
    started: list[Webhook] = []

    def begin(url: str | None = None) -> Webhook:
        hook = Webhook(
            url or receiver.url, journal.path, journal.writer, every_s=0.02, timeout_s=10, pauses_s=(0.05,)
        )
        hook.start()
        started.append(hook)
        wait_for(lambda: hook.no >= 0 and (hook.state().problem or bookmark(journal)))
        return hook

    yield begin
    for hook in started:
        assert hook.stop()


def bookmark(journal) -> dict[str, object]:
    with Reader(journal.path) as reader:
        return reader.bookmark("webhook")[1]


def values(receiver) -> list[float | None]:
    return [one["temperature_c"] for one in receiver.got]


def test_new_readings_are_posted_and_old_ones_are_not(
    journal, receiver, start: Callable[..., Webhook]
) -> None:
    """What was stored before the webhook was set up stays; from then on each reading is posted once, with its
    time and quality."""
    journal.add(1.0, 2.0)
    start()
    journal.add(20.0625, None, -3.5, probe_id="TempProbe-0A01:b")
    wait_for(lambda: len(receiver.got) == 3)
    assert values(receiver) == [20.0625, None, -3.5]
    first, bad, _ = receiver.got
    assert set(first) == {"no", "probe_id", "time", "temperature_c", "quality"} and first["no"] == 3
    assert (
        first["probe_id"] == "TempProbe-0A01:b" and first["time"].endswith("Z") and bad["quality"] == "open"
    )
    head = receiver.seen[0]
    assert (
        head["path"] == "/in?key=k"
        and head["Authorization"] == "Basic " + base64.b64encode(b"me:s@cret").decode()
    )


def test_nothing_is_lost_while_the_receiver_refuses(journal, receiver, start: Callable[..., Webhook]) -> None:
    """While it answers with an error the readings wait, which the hub says in words; then they come in order,
    none twice."""
    hook = start()
    receiver.answer = 500
    journal.add(1.0, 2.0)
    wait_for(lambda: hook.state().problem)
    state = hook.state()
    assert "answers 500" in state.problem and "2 readings wait in the journal, none is lost" in state.problem
    assert (
        "s@cret" not in state.problem
        and "key=k" not in state.problem
        and "tried again by itself" in state.remedy
    )
    journal.add(3.0)
    receiver.answer = 200
    wait_for(lambda: len(receiver.got) == 3)
    wait_for(lambda: not hook.state().problem)
    assert values(receiver) == [1.0, 2.0, 3.0]


def test_it_goes_on_where_it_was_after_a_restart(journal, receiver, start: Callable[..., Webhook]) -> None:
    """What came while the hub was off is posted at the next start; what was acknowledged before is not posted
    again."""
    hook = start()
    journal.add(1.0)
    wait_for(lambda: len(receiver.got) == 1)
    wait_for(lambda: hook.no == 1)
    assert hook.stop()
    journal.add(2.0, 3.0)
    start()
    wait_for(lambda: len(receiver.got) >= 3)
    assert values(receiver) == [1.0, 2.0, 3.0]


def test_a_redirect_is_told_and_not_followed(journal, receiver, start: Callable[..., Webhook]) -> None:
    """A redirected POST would lose its readings silently: instead the person reads where it leads."""
    hook = start()
    receiver.answer, receiver.where = 302, "http://127.0.0.1/elsewhere"
    journal.add(1.0)
    wait_for(lambda: "sends on to http://127.0.0.1/elsewhere" in hook.state().problem)
    assert not receiver.got and hook.state().remedy.startswith("Set WEBHOOK_URL")


def test_a_receiver_that_takes_little_at_once_gets_little(
    journal, receiver, start: Callable[..., Webhook]
) -> None:
    """One that answers 'too large' gets smaller batches until they fit."""
    start()
    receiver.most = 3
    journal.add(*map(float, range(40)))
    wait_for(lambda: len(receiver.got) == 40)
    assert values(receiver) == list(map(float, range(40)))


@pytest.mark.alone
def test_nobody_there_and_a_stop_in_between(journal, free_port: int, start: Callable[..., Webhook]) -> None:
    """An address where nothing listens is a problem in words; the hub stops at once all the same."""
    hook = start(f"http://127.0.0.1:{free_port}/")
    journal.add(1.0)
    wait_for(lambda: "cannot be reached" in hook.state().problem)
    assert hook.stop(timeout_s=1.0)


@pytest.mark.alone
def test_a_receiver_that_never_answers_does_not_keep_the_hub_from_stopping(
    journal, receiver, start: Callable[..., Webhook]
) -> None:
    """While an answer is awaited the hub can stop within a second, and the batch counts as not taken."""
    hook = start()
    receiver.hold.clear()
    journal.add(1.0)
    wait_for(lambda: receiver.seen)
    assert hook.stop(timeout_s=1.0)
    assert hook.no == 0
    receiver.hold.set()
