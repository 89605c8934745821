"""Rules, alarms and messages as the journal keeps them."""

from collections.abc import Iterator

import pytest

from journal.journal_harness import T0, Journal, journal, row
from temphub_kernel.core.clock import DAY_MS
from temphub_kernel.core.errors import NotFound, TempHubError
from temphub_kernel.journal import (
    WITHDRAWN,
    AlarmBook,
    Reader,
    add_rules,
    begin,
    change,
    change_rule,
    not_sent,
    remove_rule,
    were_sent,
)


@pytest.fixture
def kept() -> Iterator[Journal]:
    with journal() as made:
        made.writer.store([row(probe="Fridge")])
        yield made


def opened(book: AlarmBook) -> int:
    no = book.open(
        rule=1,
        probe=book.number("Fridge"),
        cause="above",
        severity="critical",
        limit_c=8.0,
        since_ms=T0,
        fired_ms=T0 + 1,
        worst_c=9.25,
    )
    book.message(no, book.event(no, T0 + 1, "fired"), "boss", T0 + 1, "Fridge 9.2 °C")
    return no


def test_a_rule_s_number_is_never_another_one_s(kept: Journal) -> None:
    """A rule that was deleted is in no list, and its number is not given again: old alarms stay its own."""
    first, second = add_rules(kept.writer, [{"name": "a"}, {"name": "b"}], "Anna")
    with Reader(kept.path) as reader:
        mark = reader.rules_mark()
        change_rule(kept.writer, first, "Bert", body={"name": "c"}, enabled=False)
        assert reader.rules_mark() != mark
        remove_rule(kept.writer, second, "Bert")
        (third,) = add_rules(kept.writer, [{"name": "d"}], "Anna")
        told = [(rule.no, rule.body["name"], rule.enabled, rule.by) for rule in reader.rules()]
    assert told == [(first, "c", False, "Bert"), (third, "d", True, "Anna")] and third > second
    with pytest.raises(NotFound, match=f"number {second}"):
        change_rule(kept.writer, second, "Anna", enabled=True)


def test_an_alarm_is_written_with_what_is_to_be_told_or_not_at_all(kept: Journal) -> None:
    """An alarm, its event and its message are one commit: what fails in between leaves nothing."""

    def broken(book: AlarmBook) -> None:
        opened(book)
        raise TempHubError("It broke.", "Try again.")

    with pytest.raises(TempHubError, match="It broke"):
        change(kept.writer, broken)
    with Reader(kept.path) as reader:
        assert not reader.live_alarms() and not reader.messages()
        no = change(kept.writer, opened)
        (alarm,) = reader.live_alarms()
        assert (alarm.no, alarm.probe_id, alarm.worst_c, alarm.state, alarm.past) == (
            no,
            "Fridge",
            9.25,
            "active",
            False,
        )
        assert reader.alarms(T0, T0 + 1) == [alarm] == reader.alarms(
            T0 + 5, T0 + 6, "Fridge"
        ) and not reader.alarms(T0, T0 + 1, "Other")
        assert [event.what for event in reader.alarm_events([no])] == ["fired"]


def test_an_alarm_of_several_is_found_by_each(kept: Journal) -> None:
    """What was the matter with a probe tells also what it shared with others: with its board, or with the
    whole network."""
    kept.writer.store([row(probe="Freezer"), row(probe="Shelf")])

    def several(book: AlarmBook) -> list[int]:
        fridge, freezer = map(book.number, ("Fridge", "Freezer"))
        about = {"rule": 1, "cause": "silent", "severity": "warning", "since_ms": T0, "fired_ms": T0}
        return [book.open(**about, probe=probe, body={"probes": [fridge, freezer]}) for probe in (fridge, 0)]

    numbers = change(kept.writer, several)
    with Reader(kept.path) as reader:
        for probes in ("Fridge", "Freezer", ["Shelf", "Freezer"], None):
            assert [alarm.no for alarm in reader.alarms(T0, T0 + 1, probes)] == numbers
        assert not reader.alarms(T0, T0 + 1, "Shelf") and not reader.alarms(T0, T0 + 1, [])


def test_a_message_leaves_the_outbox_once(kept: Journal) -> None:
    """A try is marked before it is made, a failure waits for its time, and what was told or withdrawn is not
    told again."""
    no = change(kept.writer, opened)
    with Reader(kept.path) as reader:
        (waits,) = reader.waiting_messages()
        assert begin(kept.writer, [waits.no]) == [waits]
        assert [message.tries for message in reader.waiting_messages()] == [-1], "how it ended is not known"
        not_sent(kept.writer, [waits.no], T0 + 2, "Nobody answers.", T0 + 900)
        not_sent(kept.writer, [waits.no], T0 + 3, "Nobody answers.", T0 + 950)
        assert [(m.tries, m.problem, m.due_ms) for m in reader.waiting_messages()] == [
            (1, "Nobody answers.", T0 + 950)
        ]
        assert reader.outbox() == {"boss": (1, 1, "Nobody answers.")} and reader.waiting_channels() == [
            "boss"
        ]
        assert (
            not reader.due_messages("boss", T0 + 949, 9)
            and len(reader.due_messages("boss", T0 + 950, 9)) == 1
        )
        assert len(reader.due_messages("boss", T0 - 2 * DAY_MS, 9)) == 1, "the clock was set back"
        were_sent(kept.writer, [waits.no], T0 + 960)
        assert not begin(kept.writer, [waits.no]) and not reader.waiting_messages()
        assert [(event.what, event.by) for event in reader.alarm_events([no])] == [
            ("fired", ""),
            ("failed", "boss"),
            ("sent", "boss"),
        ]
        second = change(kept.writer, opened)
        change(kept.writer, lambda book: book.withdraw(second))
        assert (
            not begin(kept.writer, [waits.no + 1]) and reader.messages(alarm=second)[0].sent_ms == WITHDRAWN
        )
