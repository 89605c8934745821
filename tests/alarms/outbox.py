"""A journal with alarms that are to be told, and the worker that tells them."""

from pathlib import Path
from typing import Any

from support.waiting import PATIENCE_S
from temphub_kernel.alarms.telling.channels import Channels
from temphub_kernel.alarms.telling.delivery import Delivery
from temphub_kernel.alarms.telling.sender import Outcome
from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.reading import Row
from temphub_kernel.journal import Alarm, AlarmBook, Message, Reader, Writer, change

LINK = "http://192.168.1.20:8088/"
TEXT = "CRITICAL: Fridge: 9.3 °C, above 8 °C\nSince 2026-11-29 14:02, 31 min.\nWorst so far: 9.3 °C."


class Told:
    """writer, channels: real ones in a folder; `start` begins to tell."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "temphub.sqlite3"
        self.writer = Writer(self.path, gather_s=0)
        self.writer.start()
        now = now_ms()
        self.writer.store([Row("Fridge", None, None, now, now, 93_000_000, None)])
        self.channels = Channels(folder)
        self.workers: list[Delivery] = []

    def channel(self, name: str, url: str) -> None:
        """One that is kept without asking apprise first."""
        module = f"apprise.plugins.{'email.base' if url.startswith('mailto') else 'ntfy'}"
        self.channels.add(name, url, Outcome(True, kind="ntfy", shown="ntfy://…", module=module))

    def alarm(self, *channels: str, severity: str = "critical", text: str = TEXT, tries: int = 0) -> int:
        """An alarm that is to be told; its number."""

        def step(book: AlarmBook) -> int:
            now = now_ms()
            about = {
                "cause": "above",
                "severity": severity,
                "limit_c": 8.0,
                "since_ms": now - 60_000,
                "fired_ms": now,
                "worst_c": 9.3,
            }
            no = book.open(rule=1, probe=book.number("Fridge"), **about)
            event = book.event(no, now, "fired")
            for channel in channels:
                book.message(no, event, channel, now, text)
            return no

        no = change(self.writer, step)
        if tries:
            self.writer.change(
                lambda db: db.execute("UPDATE messages SET tries=? WHERE alarm=?", (tries, no)).rowcount
            ).result(PATIENCE_S)
        return no

    def set(self, no: int, **values: Any) -> None:
        """What happened to an alarm meanwhile, without what alarms/life does beside it."""
        change(self.writer, lambda book: book.set(no, **values))

    def start(self, **options: Any) -> Delivery:
        made = Delivery(
            self.path, self.writer, self.channels, link=lambda: LINK, **{"look_s": 0.02, **options}
        )
        made.start()
        self.workers.append(made)
        return made

    def messages(self) -> list[Message]:
        with Reader(self.path) as reader:
            return reader.messages()

    def happened(self, no: int) -> list[tuple[str, str, str]]:
        """(what, by, text) of an alarm."""
        with Reader(self.path) as reader:
            return [(event.what, event.by, event.text) for event in reader.alarm_events([no])]

    def stop(self) -> None:
        for worker in self.workers:
            assert worker.stop(10)
        assert self.writer.stop()


def alarm(no: int, severity: str = "critical", **values: Any) -> Alarm:
    """One that goes on."""
    texts = dict.fromkeys(("probe_id", "acked_by", "comment", "action"), "")
    about = {
        "rule": 1,
        "probe": 1,
        "cause": "above",
        "limit_c": 8.0,
        "since_ms": 1,
        "fired_ms": 1,
        "worst_c": 9.3,
        "worst_ms": 1,
    }
    return Alarm(
        no=no,
        severity=severity,
        **{
            **about,
            **texts,
            "cleared_ms": 0,
            "acked_ms": 0,
            "closed_ms": 0,
            "past": False,
            "body": {},
            **values,
        },
    )
