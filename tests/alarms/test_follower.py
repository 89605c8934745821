"""The follower of the journal that watches: what comes in becomes alarms, through restarts, changed rules and
late readings."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from journal.journal_harness import Journal, journal
from support.waiting import PATIENCE_S, wait_for
from temphub_kernel.alarms import Asked, alarms_json, standings, states, waiting
from temphub_kernel.alarms.follower import FOLLOWER, PENDING, Alarms
from temphub_kernel.core.clock import MINUTE_MS, iso_utc, now_ms
from temphub_kernel.core.reading import Row
from temphub_kernel.journal import Alarm, Reader, add_rules, change_rule, remove, remove_rule


@pytest.fixture
def kept() -> Iterator[Journal]:
    with journal() as made:
        yield made


@contextmanager
def watching(kept: Journal) -> Iterator[Alarms]:
    worker = Alarms(kept.path, kept.writer, channels=lambda: ("boss",), look_s=0.005, probes_s=0.05)
    worker.start()
    wait_for(lambda: begun(kept))
    try:
        yield worker
    finally:
        assert worker.stop()


def begun(kept: Journal) -> bool:
    with Reader(kept.path) as reader:
        return bool(reader.bookmark(FOLLOWER)[1])


def deliver(
    kept: Journal, *celsius: float, ago_min: float = 0, every_s: float = 2, came_ms: int | None = None
) -> None:
    """Readings, the last one taken so many minutes ago."""
    last_ms = now_ms() - round(ago_min * MINUTE_MS)
    times = [last_ms - round((len(celsius) - 1 - n) * every_s * 1000) for n in range(len(celsius))]
    rows = [
        Row("Fridge", None, None, at, at if came_ms is None else came_ms, round(c * 1e7), None)
        for at, c in zip(times, celsius, strict=True)
    ]
    kept.writer.store(rows)


def alarms(kept: Journal) -> list[Alarm]:
    with Reader(kept.path) as reader:
        return reader.alarms(0, 2**53)


def above(**fields: object) -> dict[str, object]:
    return {"kind": "above", "limit_c": 8, "delay_min": 0, "recovery_min": 0, **fields}


def test_a_limit_that_is_passed_is_an_alarm_and_over_when_it_recovers(kept: Journal) -> None:
    """What is beyond its limit becomes one alarm with one message, is counted, and is cleared with the worst
    value."""
    add_rules(kept.writer, [above()], "Anna")
    with watching(kept) as worker:
        deliver(kept, 5, 9, 9.5, 9.2)
        wait_for(lambda: worker.counts == (1, 1))
        with Reader(kept.path) as reader:
            assert [message.channel for message in reader.waiting_messages()] == ["boss"]
        deliver(kept, 5, 5)
        wait_for(lambda: [alarm.state for alarm in alarms(kept)] == ["cleared"])
        assert alarms(kept)[0].worst_c == 9.5
        wait_for(lambda: worker.counts == (0, 1))


def test_the_worst_grows_while_it_goes_on(kept: Journal) -> None:
    """What is written of an alarm that goes on, and said of it again, is the worst so far; not each reading
    is written."""
    add_rules(kept.writer, [above(repeat_min=0.001)], "Anna")
    with watching(kept):
        deliver(kept, 9)
        wait_for(lambda: alarms(kept))
        deliver(kept, 11)
        wait_for(lambda: alarms(kept)[0].worst_c == 11)
        deliver(kept, 10)
        with Reader(kept.path) as reader:
            wait_for(lambda: "Worst so far: 11 °C." in reader.waiting_messages()[-1].text)
    assert alarms(kept)[0].worst_c == 11 and alarms(kept)[0].state == "active"


def test_a_silent_probe_that_delivers_again_is_told_as_that(kept: Journal) -> None:
    """A probe comes back before its rule takes the silence for over: page, API and what is told again know
    since when it delivers, and the alarm goes on as the rule has it."""
    rule = {"kind": "silent", "intervals": 1, "at_least_min": 0.02, "recovery_min": 60, "repeat_min": 0.001}
    add_rules(kept.writer, [rule], "Anna")
    with watching(kept):
        deliver(kept, *[5] * 60, every_s=0.1)
        wait_for(lambda: alarms(kept))
        with Reader(kept.path) as reader:
            before = reader.live_mark()
            assert standing_of(reader).state == "silent"
            back_ms = 0

            def comes() -> states.Standing | None:
                nonlocal back_ms
                back_ms = back_ms or now_ms()
                deliver(kept, 5)
                # Where the computer pauses for a second it is silent again, till the next.
                told = standing_of(reader)
                return told if alarms(kept)[0].all_back_ms and told.state != "silent" else None

            told = wait_for(comes)
            assert told.state == "unseen" and back_ms <= told.to_ms <= now_ms()
            assert reader.live_mark() != before and alarms(kept)[0].state == "active"
            shown = alarms_json(reader, Asked(0, 2**53), now_ms())["alarms"][0]
            assert shown["delivering_again"] == shown["back"] == iso_utc(told.to_ms)
            assert shown["cleared"] is None
            wait_for(lambda: "Delivering again since " in reader.waiting_messages()[-1].text)
            assert "Fridge had sent no reading\n" in reader.waiting_messages()[-1].text


def test_a_value_that_is_back_within_its_limit_is_told_as_that(kept: Journal) -> None:
    """The value is within its limit before its rule takes the alarm for over: page, API and what is told
    again know since when; beyond again, it is the same alarm that goes on. Its worst value keeps its time."""
    add_rules(kept.writer, [above(recovery_min=60, repeat_min=0.001)], "Anna")
    with watching(kept), Reader(kept.path) as reader:
        deliver(kept, 5, 9.5)
        wait_for(lambda: alarms(kept))
        before, worst_ms = reader.live_mark(), alarms(kept)[0].worst_ms
        assert standing_of(reader)[:1] + standing_of(reader)[3:4] == ("too_warm", 8)
        deliver(kept, 6.5)
        wait_for(lambda: alarms(kept)[0].all_back_ms)
        told = standing_of(reader)
        assert told.state == "unseen" and told[3:5] == (8, "above") and worst_ms < told.to_ms <= now_ms()
        assert reader.live_mark() != before and alarms(kept)[0].worst_ms == worst_ms
        shown = alarms_json(reader, Asked(0, 2**53), now_ms())["alarms"][0]
        assert (shown["state"], shown["back"]) == ("active", iso_utc(told.to_ms))
        assert shown["delivering_again"] is None
        wait_for(lambda: "Back since " in reader.waiting_messages()[-1].text)
        assert "acknowledged: Fridge was above 8 °C\n" in reader.waiting_messages()[-1].text
        deliver(kept, 9.1)
        wait_for(lambda: not alarms(kept)[0].all_back_ms)
        assert standing_of(reader).state == "too_warm" and len(alarms(kept)) == 1


def standing_of(reader: Reader) -> states.Standing:
    """How the fridge does, by the API."""
    newest = {one.probe_id: one for one in reader.newest()}
    return standings(reader, reader.probes(), (), now_ms(), newest)["Fridge"]


def test_the_worst_is_written_without_anything_else_to_say(
    kept: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An alarm that nobody has to be told of again shows its worst all the same, of the colder side as
    well."""
    monkeypatch.setattr("temphub_kernel.alarms.follower.WORST_S", 0.02)
    add_rules(kept.writer, [{**above(), "kind": "below", "limit_c": 2}], "Anna")
    with watching(kept):
        deliver(kept, 1)
        wait_for(lambda: alarms(kept))
        deliver(kept, -3)
        wait_for(lambda: alarms(kept)[0].worst_c == -3)


def test_timers_go_on_after_a_restart(kept: Journal) -> None:
    """The minutes before a restart count: the alarm comes when both parts together are long enough, once."""
    add_rules(kept.writer, [above(delay_min=10)], "Anna")
    with watching(kept):
        deliver(kept, *[9.0] * 7, ago_min=7, every_s=60, came_ms=now_ms() - 7 * MINUTE_MS)
        wait_for(lambda: pending(kept))
    assert not alarms(kept)
    with watching(kept):
        deliver(kept, *[9.0] * 7, every_s=60, came_ms=now_ms())
        wait_for(lambda: alarms(kept))
    with watching(kept):
        deliver(kept, 9.0)
    assert len(alarms(kept)) == 1 and not pending(kept)


def pending(kept: Journal) -> list[list[int]]:
    with Reader(kept.path) as reader:
        return list(reader.bookmark(FOLLOWER)[1].get("pending", []))


def test_what_may_become_an_alarm_is_read_without_all_that_is_remembered(kept: Journal) -> None:
    """It stands in a note of its own, the same as beside the engine's state; where an earlier version left
    none that is read, and the next start leaves it."""
    add_rules(kept.writer, [above(delay_min=10)], "Anna")
    with watching(kept):
        deliver(kept, *[9.0] * 7, ago_min=1, every_s=30)
        wait_for(lambda: pending(kept))
    (told,) = pending(kept)
    with Reader(kept.path) as reader:
        assert reader.note(PENDING)[1] == {PENDING: [told]} and waiting(reader) == {(1, 1): told[2]}
        kept.writer.change(lambda db: db.execute("DELETE FROM notes WHERE topic=?", (PENDING,))).result(
            PATIENCE_S
        )
        assert waiting(reader) == {(1, 1): told[2]}
        with watching(kept):
            wait_for(lambda: reader.note(PENDING)[1] == {PENDING: [told]})


def test_rules_are_taken_as_they_change(kept: Journal) -> None:
    """A rule that is made, changed, switched off or deleted counts at once; what nobody watches any more is
    cleared and says why."""
    with watching(kept):
        deliver(kept, 9.0)
        (no,) = add_rules(kept.writer, [above()], "Anna")
        wait_for(lambda: rules_seen(kept, no, 9.0))
        change_rule(kept.writer, no, "Anna", enabled=False)
        wait_for(lambda: alarms(kept)[0].cleared_ms)
        with Reader(kept.path) as reader:
            assert "Nobody watches it" in reader.alarm_events([alarms(kept)[0].no])[-1].text
        change_rule(kept.writer, no, "Anna", body=above(limit_c=20), enabled=True)
        deliver(kept, 9.0)
        remove_rule(kept.writer, no, "Anna")
        (other,) = add_rules(kept.writer, [above()], "Anna")
        wait_for(lambda: rules_seen(kept, other, 9.0))
        assert [alarm.rule for alarm in alarms(kept)] == [no, other]
        remove(kept.writer, "Fridge")
        wait_for(lambda: alarms(kept)[1].cleared_ms, timeout_s=20)


def rules_seen(kept: Journal, no: int, celsius: float) -> bool:
    """Whether a rule gives alarms; a reading a time."""
    deliver(kept, celsius)
    return any(alarm.rule == no for alarm in alarms(kept))


def test_late_readings_are_never_told(kept: Journal) -> None:
    """A batch that comes hours late and shows an excursion gives a past alarm and no message; what is now
    stays as it is."""
    add_rules(kept.writer, [above(delay_min=5)], "Anna")
    with watching(kept) as worker:
        deliver(kept, 5.0, 5.0)
        came_ms = now_ms()
        deliver(kept, 5.0, *[9.0] * 60, 5.0, 5.0, ago_min=120, every_s=10, came_ms=came_ms)
        wait_for(lambda: alarms(kept))
        (alarm,) = alarms(kept)
        assert alarm.past and alarm.cleared_ms < came_ms and worker.counts == (0, 0)
        with Reader(kept.path) as reader:
            assert not reader.messages()


def test_what_was_before_the_first_rule_is_history(kept: Journal) -> None:
    """A journal of years gives no alarms of its past when the first rule is made, and a hub without rules
    reads nothing."""
    deliver(kept, *[9.0] * 50)
    with watching(kept):
        with Reader(kept.path) as reader:
            assert reader.bookmark(FOLLOWER)[0] == 50
        add_rules(kept.writer, [above()], "Anna")
    assert not alarms(kept)


def test_a_rule_that_is_not_understood_stops_no_other(
    kept: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    """A rule that a later version wrote is told in the log, and the others watch."""
    _, no = add_rules(kept.writer, [{"kind": "moon"}, above()], "Anna")
    with watching(kept) as worker:
        wait_for(lambda: rules_seen(kept, no, 9.0))
        assert "rule 1 is not understood" in caplog.text and not worker.state().problem


def test_a_weak_wifi_is_an_alarm(kept: Journal) -> None:
    """What a probe says of its Wi-Fi beside its readings is judged by the rules, too."""
    add_rules(kept.writer, [{"kind": "weak_wifi", "at_least_min": 0}], "Anna")
    with watching(kept) as worker:
        deliver(kept, 5.0)
        wait_for(lambda: told_weak(kept, worker), timeout_s=20)
        assert alarms(kept)[0].cause == "weak_wifi"


def told_weak(kept: Journal, worker: Alarms) -> bool:
    worker.tell("Fridge", "rssi", -88)
    return bool(alarms(kept))
