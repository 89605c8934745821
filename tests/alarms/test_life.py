"""What an alarm goes through, on a real journal: who did what when, whom it is told, and what ends it."""

from collections.abc import Iterator
from typing import Any

import pytest

from journal.journal_harness import Journal, journal, row
from temphub_kernel.alarms import Rule, Transition, life, where
from temphub_kernel.alarms.follower import lamps
from temphub_kernel.core.clock import MINUTE_MS, now_ms
from temphub_kernel.core.errors import BadRequest, Conflict, NotFound
from temphub_kernel.journal import WITHDRAWN, Alarm, Reader, add_rules, change

CHANNELS = ("boss", "shift")


class Place:
    """A journal with a probe that is watched by one rule, and its alarms."""

    def __init__(self, kept: Journal, **fields: Any) -> None:
        self.writer, self.path = kept.writer, kept.path
        kept.writer.store([row(probe="Fridge"), row(probe="Freezer")])
        body = {"kind": "above", "limit_c": 8, **fields}
        (no,) = add_rules(kept.writer, [body], "Anna")
        self.rule = Rule.from_json(body, no=no)
        self.at_ms = now_ms()

    def engine_tells(
        self, what: str, *, probe: int = 1, past: bool = False, since: float = -30, at: float = 0
    ) -> None:
        """A transition of the engine; minutes from now."""
        since_ms, at_ms = (self.at_ms + round(minutes * MINUTE_MS) for minutes in (since, at))
        told = Transition(self.rule.no, probe, what, at_ms, since_ms, 9.3, 9.9, since_ms + 1, past)
        change(
            self.writer,
            lambda book: life.take(book, [told], {self.rule.no: self.rule}, CHANNELS, max(at_ms, self.at_ms)),
        )

    def passes(self, minutes: float) -> None:
        """So much later, time brings what it brings."""
        later_ms = self.at_ms + round(minutes * MINUTE_MS)
        change(self.writer, lambda book: life.settle(book, {self.rule.no: self.rule}, CHANNELS, later_ms))

    def alarms(self) -> list[Alarm]:
        with Reader(self.path) as reader:
            return reader.alarms(0, 2**53)

    def alarm(self) -> Alarm:
        (only,) = self.alarms()
        return only

    def told(self) -> list[tuple[str, str]]:
        """(channel, first line) of each message that is not withdrawn."""
        with Reader(self.path) as reader:
            return [
                (one.channel, one.text.splitlines()[0])
                for one in reader.messages()
                if one.sent_ms != WITHDRAWN
            ]

    def happened(self) -> list[tuple[str, str]]:
        with Reader(self.path) as reader:
            return [(one.what, one.by) for one in reader.alarm_events([self.alarm().no])]


@pytest.fixture
def kept() -> Iterator[Journal]:
    with journal() as made:
        yield made


def test_a_life_from_the_limit_to_its_close(kept: Journal) -> None:
    """An alarm is told once with place, value and limit; acknowledged by somebody with a comment, it closes
    when it is over."""
    place = Place(kept)
    place.engine_tells("active")
    assert place.told() == [(name, "Warning: Fridge: 9.3 °C, above 8 °C") for name in CHANNELS]
    no = place.alarm().no
    assert life.acknowledge(place.writer, no, "Anna", " closed the door ").live
    place.engine_tells("cleared", at=5)
    alarm = place.alarm()
    assert (alarm.state, alarm.acked_by, alarm.comment, alarm.worst_c) == (
        "cleared",
        "Anna",
        "closed the door",
        9.9,
    )
    assert alarm.closed_ms and not alarm.live
    assert place.happened() == [("fired", ""), ("acknowledged", "Anna"), ("cleared", ""), ("closed", "")]


def test_nothing_is_told_after_it_was_acknowledged(kept: Journal) -> None:
    """What still waits to be told is withdrawn with the acknowledgement, and no repeat follows."""
    place = Place(kept, repeat_min=5, escalate_min=10, escalate_to=["boss"])
    place.engine_tells("active")
    assert place.told() == [("shift", "Warning: Fridge: 9.3 °C, above 8 °C")]
    life.acknowledge(place.writer, place.alarm().no, "Anna")
    place.passes(60)
    assert place.told() == []


def test_it_is_repeated_and_goes_to_the_next_until_somebody_acknowledges(kept: Journal) -> None:
    """Repeats come every so many minutes, the next one is told once after his, and from then on he gets the
    repeats, too."""
    place = Place(kept, repeat_min=5, escalate_min=7, escalate_to=["boss"])
    place.engine_tells("active")
    for minute in (1, 5, 6, 8, 9, 14):
        place.passes(minute)
    again, nobody = "Warning: Still not acknowledged: ", "Warning: Nobody has acknowledged it yet: "
    told = [(channel, head.removesuffix("Fridge: 9.3 °C, above 8 °C")) for channel, head in place.told()]
    assert told == [
        ("shift", "Warning: "),
        ("shift", again),
        ("boss", nobody),
        ("shift", again),
        ("boss", again),
    ]
    # The hub's clock may be put back by hours: no repeat is lost for so long.
    place.passes(-300)
    assert len(place.told()) == 5


def test_an_action_may_be_required(kept: Journal) -> None:
    """Where the rule requires it, an alarm that is over stays open until somebody wrote down what was
    done."""
    place = Place(kept, require_action=True)
    place.engine_tells("active")
    no = place.alarm().no
    with pytest.raises(Conflict, match="still goes on"):
        life.close(place.writer, no, "Anna")
    place.engine_tells("cleared", at=5)
    assert life.acknowledge(place.writer, no, "Anna").live
    with pytest.raises(Conflict, match="requires that an action"):
        life.close(place.writer, no, "Anna")
    closed = life.act(place.writer, no, "Bert", life.ACTIONS[0])
    assert (closed.live, closed.action, closed.acked_by) == (False, "Closed the door", "Anna")
    assert (
        life.comment(place.writer, no, "Bert", "seen again in the morning").comment
        == "seen again in the morning"
    )


def test_what_is_muted_is_told_when_the_mute_ends(kept: Journal) -> None:
    """While it is muted nobody is told; what still goes on at the end is told then, what is over is not."""
    place = Place(kept, repeat_min=5)
    life.mute(place.writer, life.Where(probe_id="Fridge"), place.at_ms + 20 * MINUTE_MS, "Anna", "cleaning")
    place.engine_tells("active")
    place.engine_tells("active", probe=2)
    place.passes(10)
    assert {head for _, head in place.told()} == {
        "Warning: Freezer: 9.3 °C, above 8 °C",
        "Warning: Still not acknowledged: Freezer: 9.3 °C, above 8 °C",
    }
    place.passes(21)
    assert [head for _, head in place.told()].count("Warning: Fridge: 9.3 °C, above 8 °C") == len(CHANNELS)


def test_maintenance_needs_nobody(kept: Journal) -> None:
    """What begins and ends in maintenance is kept, told to nobody, and closed; what outlasts it becomes an
    alarm like any other."""
    place = Place(kept)
    number = life.mute(place.writer, life.Where(), place.at_ms + 60 * MINUTE_MS, "Anna", maintenance=True)
    place.engine_tells("active")
    place.engine_tells("cleared", at=5)
    assert (place.alarm().live, place.alarm().acked_by, place.told()) == (False, life.BY_MAINTENANCE, [])
    place.engine_tells("active", since=6, at=10)
    life.unmute(place.writer, number, "Anna")
    place.passes(11)
    assert len(place.told()) == len(CHANNELS)
    place.engine_tells("cleared", at=15)
    assert [alarm.live for alarm in place.alarms()] == [False, True]
    with pytest.raises(NotFound, match="is muted"):
        life.unmute(place.writer, number, "Anna")


def test_a_mute_has_an_end(kept: Journal) -> None:
    """Neither a mute for ever nor one that is over already is taken, and one of a rule or probe that is not
    there is refused."""
    place = Place(kept)
    for until_ms in (place.at_ms - 1, place.at_ms + 2 * life.LONGEST_MUTE_MS):
        with pytest.raises(BadRequest, match="until_ms"):
            life.mute(place.writer, life.Where(), until_ms, "Anna")
    with pytest.raises(NotFound, match="rule with the number 99"):
        life.mute(place.writer, life.Where(rule=99), place.at_ms + 60_000, "Anna")
    with pytest.raises(NotFound, match="nobody"):
        life.mute(place.writer, life.Where(probe_id="nobody"), place.at_ms + 60_000, "Anna")


def test_late_readings_open_a_past_alarm(kept: Journal) -> None:
    """An excursion that late readings reveal is kept as past, over from the beginning, told to nobody; known
    twice, it is there once."""
    place = Place(kept)
    for _ in range(2):
        place.engine_tells("active", past=True, since=-600, at=-570)
        place.engine_tells("cleared", past=True, since=-600, at=-500)
    alarm = place.alarm()
    assert alarm.past and alarm.state == "cleared" and alarm.cleared_ms == place.at_ms - 500 * MINUTE_MS
    assert place.told() == [] and place.happened() == [("past", "")]
    place.passes(600)
    assert place.told() == [] and not life.acknowledge(place.writer, alarm.no, "Anna").live


def test_the_sensors_of_a_board_are_named_and_told_once(kept: Journal) -> None:
    """A board that is silent is one alarm with all its sensors in it; when one more belongs to it nobody is
    told again."""
    place = Place(kept)
    place.rule = Rule.from_json({"kind": "silent"}, no=place.rule.no)
    kept.writer.store([row(probe="Shelf")])
    for probes in ((1, 2), (1, 2, 3)):
        told = Transition(place.rule.no, 1, "active", place.at_ms, place.at_ms - MINUTE_MS, probes=probes)
        change(
            kept.writer,
            lambda book, told=told: life.take(
                book, [told], {place.rule.no: place.rule}, CHANNELS, place.at_ms
            ),
        )
    assert place.told() == [
        (name, "Warning: The board of Fridge, Freezer has sent no reading") for name in CHANNELS
    ]
    with Reader(kept.path) as reader:
        assert where(reader.alarm_book(), place.alarm()) == "The board of Fridge, Freezer, Shelf"
        assert lamps([place.alarm()], {1: ["B1"], 2: ["B1:2"], 3: ["B1:3"]}) == {"B1": "warning"}


def test_an_alarm_whose_cause_nobody_watches_any_more_ends(kept: Journal) -> None:
    """A rule that is made one of another kind, or for other probes, leaves no alarm behind that goes on for
    ever."""
    place = Place(kept)
    for probe in (1, 2):
        place.engine_tells("active", probe=probe)
    for watched in (
        {(place.rule.no, "above", 1), (place.rule.no, "above", 2)},
        {(place.rule.no, "above", 1)},
        {(place.rule.no, "below", 1)},
    ):
        change(place.writer, lambda book, watched=watched: life.give_up(book, watched, place.at_ms))
        assert sum(alarm.state == "active" for alarm in place.alarms()) == sum(
            kind == "above" for _, kind, _ in watched
        )


def test_texts_that_cannot_be_kept_are_refused(kept: Journal) -> None:
    """A text that is too long, empty where it has to say something, or no text of a person is refused by
    name."""
    place = Place(kept)
    place.engine_tells("active")
    no = place.alarm().no
    for call in (
        lambda: life.comment(place.writer, no, "Anna", "  "),
        lambda: life.acknowledge(place.writer, no, "Anna", "x" * 2001),
        lambda: life.act(place.writer, no, "Anna\n", "done"),
        lambda: life.act(place.writer, no, "Anna", "a\0b"),
    ):
        with pytest.raises(BadRequest, match="cannot be kept"):
            call()
    with pytest.raises(NotFound, match="alarm with the number 77"):
        life.acknowledge(place.writer, 77, "Anna")
