"""A real journal to look at, and dashboards that are stopped after the test."""

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.waiting import PATIENCE_S
from temphub_kernel.alarms import Rule, Transition, life
from temphub_kernel.core.clock import MINUTE_MS, now_ms
from temphub_kernel.core.reading import Row, Sighting, to_units
from temphub_kernel.journal import (
    ProbeBook,
    Reader,
    Writer,
    add_rules,
    calibrate,
    change,
    describe,
    merge,
    not_sent,
    remove,
    restore,
    state,
    strike_out,
    undo,
    unmerge,
)

# bqscales declares a trait in a way that traitlets deprecates; that is theirs to change.
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from temphub_kernel.page import Dashboard, build


class Journal:
    """A journal being written, as the hub does it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writer = Writer(path, gather_s=0.0)
        self._writer.start()
        self._book = ProbeBook(self._writer)

    def reading(
        self, probe_id: str, celsius: float | None, *, ago_s: float = 0, quality: str | None = None
    ) -> None:
        """Store one reading taken some time ago."""
        taken = now_ms() - round(ago_s * 1000)
        self._writer.store(
            [Row(probe_id, None, None, taken, taken, None if celsius is None else to_units(celsius), quality)]
        )

    def crowd(self, count: int, celsius: float = 4.0, *, ago_s: float = 1) -> None:
        """So many probes, `P00001` and so on, each with one reading."""
        taken, units = now_ms() - round(ago_s * 1000), to_units(celsius)
        self._writer.store(
            [Row(f"P{n:05}", None, None, taken, taken, units, None) for n in range(1, count + 1)]
        )

    def delayed(self, probe_id: str, celsius: float, *, ago_s: float) -> None:
        """Store one reading that was taken some time ago and only came in now."""
        now = now_ms()
        self._writer.store(
            [Row(probe_id, None, None, now - round(ago_s * 1000), now, to_units(celsius), None)]
        )

    def rows(self, *rows: Row) -> None:
        """Store readings as they are."""
        self._writer.store(list(rows))

    def readings(self, probe_id: str, celsius: list[float], *, ago_s: float, every_s: float) -> None:
        """Store readings at a steady pace, the first one `ago_s` ago."""
        first = now_ms() - round(ago_s * 1000)
        times = [first + round(place * every_s * 1000) for place in range(len(celsius))]
        self._writer.store(
            [
                Row(probe_id, None, None, ms, ms, to_units(value), None)
                for ms, value in zip(times, celsius, strict=True)
            ]
        )

    def described(self, probe_id: str, **told: Any) -> None:
        """Somebody named or grouped a probe."""
        describe(self._writer, probe_id, told)

    def merged(self, from_id: str, into_id: str) -> None:
        """Have a probe count as another one."""
        merge(self._writer, from_id, into_id)

    def unmerged(self, probe_id: str) -> None:
        """It is a probe of its own again."""
        unmerge(self._writer, probe_id)

    def calibrated(self, probe_id: str, points: list[tuple[float, float]]) -> None:
        """Its values are corrected from now on. points: (what it said, what it was)."""
        calibrate(self._writer, probe_id, points, now_ms())

    def removed(self, probe_id: str, *, back: bool = False) -> None:
        """Take a probe off every list, or bring it back."""
        (restore if back else remove)(self._writer, probe_id)

    def struck(self, probe_id: str, from_ms: int, to_ms: int) -> int:
        """Strike out readings; the number of it."""
        return strike_out(self._writer, probe_id, from_ms, to_ms)

    def straight(self, probe_id: str, letter: str, **more: Any) -> int:
        """Have a probe's numbers corrected for a thermocouple; the number of it."""
        return state(self._writer, probe_id, letter, **more)

    def undone(self, number: int) -> None:
        """Have them count again."""
        assert undo(self._writer, number)

    def met(self, probe_id: str, **known: Any) -> None:
        """A probe was found, and told an interval when `interval_ms` is given."""
        interval_ms = known.pop("interval_ms", 0)
        self._book.met(Sighting(probe_id, known.pop("ip", "192.0.2.7"), known.pop("port", 80), **known))
        if interval_ms:
            self._book.checked(
                probe_id,
                ok=True,
                server_url="http://192.0.2.1:8088",
                interval_ms=interval_ms,
                problem="",
                remedy="",
            )
        self.settle()

    def health(self, **note: Any) -> None:
        """The hub's own note, as it leaves it every few seconds."""
        self._book.leave(
            "health", {"started_ms": now_ms() - 7_200_000, "csv_waiting": 0, "workers": [], **note}
        )
        self.settle()

    def note(self, topic: str, body: dict[str, Any]) -> None:
        """What another part of the hub leaves for pages."""
        self._book.leave(topic, body)
        self.settle()

    def stands(self, **standings: str) -> None:
        """How probes stand to the hub, as it leaves it."""
        self._book.leave("trust", standings)
        self.settle()

    def refused(self, probe_id: str, problem: str, remedy: str) -> None:
        """What the probe delivers is refused, as the hub leaves it; empty texts: it is stored again."""
        self._book.checked(probe_id, ok=False, server_url="", interval_ms=0, problem=problem, remedy=remedy)
        self.health(refused_probes=[probe_id] if problem else [])

    def rule(self, **body: Any) -> Rule:
        """A rule that somebody made."""
        (no,) = add_rules(self._writer, [Rule.from_json(body).to_json()], "Anna")
        return Rule.from_json(body, no=no)

    def alarm(
        self,
        rule: Rule,
        probe: int = 1,
        what: str = "active",
        *,
        worst_c: float = 9.9,
        ago_min: float = 12,
        **more: Any,
    ) -> int:
        """What the hub finds of a rule and the probe of a number, which began so long ago; the number of the
        last alarm."""
        now = now_ms()
        since = now - round(ago_min * MINUTE_MS)
        told = Transition(
            rule.no,
            probe,
            what,
            more.pop("at_ms", now),
            since,
            9.3,
            worst_c,
            since + 1,
            **{"past": False, **more},
        )
        change(self._writer, lambda book: life.take(book, [told], {rule.no: rule}, (), now))
        with Reader(self.path) as reader:
            return max((one.no for one in reader.alarms(0, 2**53)), default=0)

    def untold(self, number: int, channel: str, problem: str) -> None:
        """An alarm could not be told by a channel."""
        change(self._writer, lambda book: book.message(number, 1, channel, 0, "Fridge"))
        with Reader(self.path) as reader:
            (message,) = reader.waiting_messages()
        not_sent(self._writer, [message.no], now_ms(), problem, now_ms() + MINUTE_MS, perhaps=False)

    def worsened(self, rule: int, probe: int, celsius: float) -> None:
        """An alarm that goes on is worse than before."""
        change(self._writer, lambda book: book.worsen(rule, probe, celsius, now_ms()))

    def back(self, rule: Rule, probe: int, times: dict[int, int]) -> None:
        """Of an alarm these probes are well again since then, by their numbers."""
        back = {(rule.no, probe): times}
        change(self._writer, lambda book: life.come_back(book, back, now_ms()))

    def answered(self, number: int, comment: str = "", *, action: str = "", by: str = "Anna") -> None:
        """Somebody acknowledged an alarm, or wrote down what was done."""
        (
            life.act(self._writer, number, by, action)
            if action
            else life.acknowledge(self._writer, number, by, comment)
        )

    def muted(self, minutes: float, **where: Any) -> int:
        """Somebody muted alarms."""
        return life.mute(self._writer, life.Where(**where), now_ms() + round(minutes * MINUTE_MS), "Anna")

    def settle(self) -> None:
        """Wait until all of it is on disk."""
        self._writer.change(lambda _: None).result(PATIENCE_S)

    def stop(self) -> None:
        """End the writer."""
        self._writer.stop()


@pytest.fixture
def journal(data_dir: Path) -> Iterator[Journal]:
    """An empty journal."""
    journal = Journal(data_dir / "temphub.sqlite3")
    yield journal
    journal.stop()


@pytest.fixture
def open_dashboard() -> Iterator[Callable[..., Dashboard]]:
    """Builds dashboards, as a notebook does."""
    opened: list[Dashboard] = []

    def open_(path: Path, **options: Any) -> Dashboard:
        opened.append(build(path, **{"provision": None, "unfolded": True, **options}))
        return opened[-1]

    yield open_
    for dashboard in opened:
        dashboard.stop()
