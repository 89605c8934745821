"""What is the matter with the hub itself is an alarm as any other: a daily back-up that is not made."""

from pathlib import Path

import pytest

from alarms.sinks import Ntfy
from support.waiting import wait_for
from temphub_kernel.alarms import Channels, Rule, life
from temphub_kernel.alarms.telling.sender import Outcome
from temphub_kernel.core.clock import DAY_MS, now_ms
from temphub_kernel.forward.topics import alarm_messages
from temphub_kernel.journal import Reader, Writer, change


def phone(channels: Channels, ntfy: Ntfy) -> None:
    """A way out, kept without asking apprise first."""
    outcome = Outcome(True, kind="ntfy", shown="ntfy://…", module="apprise.plugins.ntfy")
    channels.add("Phone", ntfy.url(), outcome)


def test_a_back_up_that_is_not_made_is_sent(start_here, tmp_path: Path, ntfy: Ntfy) -> None:
    """Where the second try fails as well, everybody is told what is the matter and what to do, once, and so
    is the broker; when one is made it is over, and closed when somebody acknowledges it."""
    folder = tmp_path / "NAS 1"
    hub = start_here(BACKUP_DIR=str(folder))
    phone(hub.channels, ntfy)
    (worker,) = (one for one in hub.workers if one.name == "back-up")
    wait_for(lambda: worker.state().problem)
    with Reader(hub.journal) as reader:
        assert not reader.live_alarms(), "what a share does for a moment is nobody's business"
        for _ in range(2):
            assert worker.make_due(now_ms()) is None
        wait_for(lambda: ntfy.got, 60)
        (alarm,) = reader.live_alarms()
        title, message = ntfy.got[0]["title"], ntfy.got[0]["message"]
        assert title == f"Warning: {alarm.body['text'].rstrip('.')}" and str(folder) in title
        assert (
            "Since " in message and "Look at the folder" in message and hub.url.rsplit(":", 1)[1] in message
        )
        (topic,) = (
            body for name, body in alarm_messages("temphub", "h", {}, [alarm]).items() if "alarms/" in name
        )
        assert b'"active": true' in topic and b'"cause": "backup"' in topic
        folder.mkdir()
        assert worker.make_due(now_ms()) is not None
        (alarm,) = reader.live_alarms()
        assert alarm.state == "cleared"
        life.acknowledge(hub.writer, alarm.no, "Anna")
        assert not reader.live_alarms() and len(ntfy.got) == 1


@pytest.fixture
def writer(tmp_path: Path):
    """A journal."""
    made = Writer(tmp_path / "temphub.sqlite3")
    made.start()
    yield made
    assert made.stop()


def test_it_is_said_once_a_day_and_not_while_muted(writer: Writer) -> None:
    """Until somebody acknowledges it, whatever rules there are; what a mute held back is said when that
    ends. Where no back-up is asked for any more it is over."""

    def step(problem: str, at_ms: int) -> None:
        change(writer, lambda book: life.own(book, "backup", problem, "Look there.", ["Phone"], at_ms))

    def told() -> int:
        with Reader(writer.path) as reader:
            return len(reader.messages())

    def later(at_ms: int) -> int:
        rules = {1: Rule("above", limit_c=8.0)}
        change(writer, lambda book: life.settle(book, rules, ["Phone"], at_ms))
        change(writer, lambda book: life.give_up(book, {(0, "backup", 0)}, at_ms))
        return told()

    now = now_ms()
    until = now + 3_600_000
    mute = life.mute(writer, life.Where(), until, "Anna")
    step("It was not made.", now)
    step("It was not made (again).", now + 1)
    assert told() == 0 and later(now + 2) == 0
    life.unmute(writer, mute, "Anna")
    over = now_ms() + 1
    assert later(over) == 1 and later(over + DAY_MS - 1) == 1
    assert later(over + DAY_MS) == 2
    with Reader(writer.path) as reader:
        (alarm,) = reader.live_alarms()
        assert "(again)" in reader.messages()[-1].text
    life.acknowledge(writer, alarm.no, "Anna")
    assert later(over + 3 * DAY_MS) == 2
    change(writer, lambda book: life.give_up(book, set(), over + 3 * DAY_MS))
    with Reader(writer.path) as reader:
        assert not reader.live_alarms()
