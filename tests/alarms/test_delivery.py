"""Alarms are told: by real apprise in its process, to a server as ntfy's and to a mail server."""

import os
import subprocess
import sys
from pathlib import Path

import psutil

from alarms.outbox import LINK, TEXT, Told, alarm
from alarms.sinks import Mail, Ntfy
from support.waiting import PATIENCE_S, wait_for
from temphub_kernel.alarms.telling.delivery import PERHAPS, compose
from temphub_kernel.alarms.telling.sender import Sender
from temphub_kernel.core.clock import now_ms
from temphub_kernel.journal import WITHDRAWN, Message, change


def test_an_alarm_is_told_to_everybody_and_that_stands_beside_it(told: Told, ntfy: Ntfy, mail: Mail) -> None:
    """A phone and a mailbox get place, value, limit, since when, worst and link; then the alarm says who was
    told."""
    told.channel("Phone", ntfy.url())
    told.channel("Mailbox", mail.url)
    no = told.alarm("Phone", "Mailbox")
    worker = told.start()
    wait_for(lambda: ntfy.got and mail.got, 60)
    title, body = TEXT.partition("\n")[::2]
    assert (ntfy.got[0]["topic"], ntfy.got[0]["title"], ntfy.got[0]["message"]) == (
        "cold-room",
        title,
        f"{body}\n{LINK}",
    )
    sender, to, subject, text = mail.got[0]
    assert (sender, to, subject) == ("hub@example.org", ["anna@example.org"], title)
    assert text.splitlines()[:3] == [*body.splitlines(), LINK]
    wait_for(lambda: all(message.sent_ms > 0 and message.tries == 1 for message in told.messages()))
    assert sorted(told.happened(no)) == [("fired", "", ""), ("sent", "Mailbox", ""), ("sent", "Phone", "")]
    assert not worker.state().problem


def test_a_failure_is_told_on_the_page_and_tried_again(told: Told, ntfy: Ntfy) -> None:
    """A channel that fails is named with the reason, beside the alarm once; when it takes messages again, one
    arrives."""
    ntfy.down = True
    told.channel("Phone", ntfy.url())
    no = told.alarm("Phone", "Nobody")
    worker = told.start(pauses_s=(0.05,))
    wait_for(lambda: ntfy.asked > 2, 60)
    wait_for(lambda: worker.state().problem and "Phone" in worker.failing and "Nobody" in worker.failing)
    assert (
        "error=500" in worker.failing["Phone"]
        and worker.failing["Nobody"] == "there is no channel of that name"
    )
    assert "Alarms cannot be told by" in worker.state().problem and "tried again" in worker.state().remedy
    told.channel("Nobody", ntfy.url())
    ntfy.down = False
    wait_for(lambda: all(message.sent_ms > 0 for message in told.messages()))
    wait_for(lambda: not worker.state().problem)
    assert len(ntfy.got) == 2 and not any(PERHAPS in one["message"] for one in ntfy.got), (
        "a refusal is known not to have arrived"
    )
    assert sorted(what for what, _, _ in told.happened(no)) == ["failed", "failed", "fired", "sent", "sent"]


def test_what_changed_meanwhile_is_seen_in_the_moment_of_sending(told: Told, ntfy: Ntfy) -> None:
    """What was acknowledged or closed is told to nobody, what is over is told as over, and what was begun
    before a crash has a mark."""
    told.channel("Phone", ntfy.url())
    acknowledged, closed, over, again = (
        told.alarm("Phone", text=f"{what}\nmore") for what in ("acked", "closed", "over", "again")
    )
    told.set(acknowledged, acked_ms=now_ms())
    told.set(closed, closed_ms=now_ms())
    told.set(over, cleared_ms=now_ms())
    told.writer.change(
        lambda db: db.execute("UPDATE messages SET tries=-1 WHERE alarm=?", (again,)).rowcount
    ).result(PATIENCE_S)
    withdrawn = told.alarm("Phone", text="withdrawn")
    change(told.writer, lambda book: book.withdraw(withdrawn))
    told.start()
    wait_for(lambda: all(message.sent_ms for message in told.messages()), 60)
    assert [message.sent_ms == WITHDRAWN for message in told.messages()] == [True, True, False, False, True]
    (together,) = ntfy.got
    assert together["title"] == "2 alarms (1 critical, 1 over already)"
    assert together["message"].splitlines() == ["Was, and is over: over", "again", PERHAPS, LINK]


def test_what_waited_for_long_is_said_as_it_is_now(told: Told, ntfy: Ntfy) -> None:
    """A message that could not be sent for an hour says how long it goes on by now, the worst since, and that
    it is over."""
    told.channel("Phone", ntfy.url())
    no = told.alarm("Phone")
    hour_ago = now_ms() - 3_600_000
    told.writer.change(lambda db: db.execute("UPDATE alarm_events SET at_ms=?", (hour_ago,)).rowcount).result(
        PATIENCE_S
    )
    told.set(no, since_ms=hour_ago, worst_c=12.5, cleared_ms=now_ms())
    told.start()
    wait_for(lambda: ntfy.got, 60)
    lines = ntfy.got[0]["message"].splitlines()
    assert ntfy.got[0]["title"] == "Was, and is over: CRITICAL: Fridge: above 8 °C"
    assert (
        lines[0].endswith(", 1 h.")
        and lines[1] == "Worst so far: 12.5 °C."
        and lines[2].startswith("Over since ")
        and lines[3:] == [LINK]
    )


def test_thousands_at_once_are_one_message() -> None:
    """Three thousand alarms that wait are one message, which says how many and lists the first; of each only
    what was said last."""
    alarms = {n: alarm(n, "critical" if n == 7 else "warning") for n in range(3_000)}
    waiting = [
        Message(2 * n + late, n, 1, "Phone", 1, 0, 0, "", f"P{n} {late}\nmore")
        for late in (0, 1)
        for n in range(3_000)
    ]
    one = compose(waiting, alarms, LINK)
    assert (
        one.title == "3000 alarms (1 critical)" and one.severity == "critical" and len(one.numbers) == 6_000
    )
    assert one.body.splitlines()[:2] == ["P0 1", "P1 1"] and one.body.splitlines()[-2:] == [
        "… and 2980 more.",
        LINK,
    ]


def test_what_does_not_end_is_ended_and_holds_up_nobody(told: Told, ntfy: Ntfy, mail: Mail) -> None:
    """A service that never answers is given up after a while, as one that may have told it; others are told
    meanwhile."""
    ntfy.hold.clear()
    told.channel("Phone", ntfy.url())
    told.channel("Mailbox", mail.url)
    told.alarm("Phone", "Mailbox")
    worker = told.start(sender=Sender(late_s=8), pauses_s=(0.05,))
    wait_for(lambda: mail.got and "Phone" in worker.failing, 60)
    assert "nothing was answered" in worker.failing["Phone"] or "timed out" in worker.failing["Phone"]
    ntfy.hold.set()
    wait_for(lambda: all(message.sent_ms > 0 for message in told.messages()), 60)
    assert (
        PERHAPS not in ntfy.got[0]["message"]
        and all(PERHAPS in one["message"] for one in ntfy.got[1:])
        and len(ntfy.got) > 1
    )


def test_a_hub_that_is_killed_while_it_sends_tells_again_with_a_mark(
    told: Told, ntfy: Ntfy, tmp_path: Path
) -> None:
    """Killed between sending and noting that, the next hub sends it once more and says so; nothing is left of
    the killed one."""
    ntfy.hold.clear()
    told.channel("Phone", ntfy.url())
    told.alarm("Phone")
    assert told.writer.stop()
    program = Path(__file__).with_name("delivery_kill_program.py")
    hub = subprocess.Popen(
        [sys.executable, str(program), str(tmp_path)], stdin=subprocess.DEVNULL, env=dict(os.environ)
    )
    wait_for(lambda: ntfy.got, 60)
    below = psutil.Process(hub.pid).children(recursive=True)
    hub.kill()
    hub.wait()
    ntfy.hold.set()
    psutil.wait_procs(below, timeout=PATIENCE_S)
    assert not any(one.is_running() for one in below), "with the hub goes what sends"
    told.writer.start()
    assert [message.tries for message in told.messages()] == [-1]
    told.start()
    wait_for(lambda: told.messages()[0].sent_ms > 0, 60)
    first, second = ntfy.got
    assert (
        PERHAPS not in first["message"] and PERHAPS in second["message"] and first["title"] == second["title"]
    )


def test_what_sends_is_killed(told: Told, ntfy: Ntfy) -> None:
    """When the process that sends is killed, another one tells what it had begun, with a mark."""
    ntfy.hold.clear()
    told.channel("Phone", ntfy.url())
    told.alarm("Phone")
    told.start(pauses_s=(0.05,))
    wait_for(lambda: ntfy.got, 60)
    (process,) = [one for one in psutil.Process().children() if "sender_process" in " ".join(one.cmdline())]
    process.kill()
    ntfy.hold.set()
    wait_for(lambda: told.messages()[0].sent_ms > 0, 60)
    assert PERHAPS in ntfy.got[-1]["message"] and len(ntfy.got) == 2
