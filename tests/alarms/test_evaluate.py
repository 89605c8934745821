"""Limits: when an alarm begins and ends, and what neither noise, gaps, late data nor clocks can do to it."""

import json
import math

import pytest
from hypothesis import given, settings, strategies as st

from alarms.alarms_harness import MINUTE_MS, START_MS, Reading, alarms, rule, stream, take, told, watch
from temphub_kernel.alarms import Evaluator, Watch


def test_it_fires_when_the_delay_is_over_and_clears_when_it_is_back():
    """Beyond the limit for the delay: an alarm with its beginning and its worst; back for the recovery time:
    cleared."""
    found = take(
        watch(rule(delay_min=10, recovery_min=5)),
        stream([5.0] * 3 + [9.0] * 11 + [12.0] + [9.0] * 2 + [5.0] * 8),
    )
    assert told(found) == [("pending", 3), ("active", 13), ("cleared", 22)]
    assert found[1].since_ms == found[2].since_ms == START_MS + 3 * MINUTE_MS
    assert (found[1].celsius, found[1].worst_c) == (9.0, 9.0)
    assert (found[2].worst_c, found[2].worst_ms) == (12.0, START_MS + 14 * MINUTE_MS)


def test_below_is_the_same_the_other_way():
    """A lower limit fires below it, and its worst is the coldest."""
    found = take(watch(rule("below", limit_c=2, delay_min=5)), stream([3.0, 1.0, 1.0, -1.0, 1.0, 1.0, 1.0]))
    assert told(found) == [("pending", 1), ("active", 6)] and found[1].worst_c == -1.0


def test_at_the_limit_is_not_beyond():
    """A refrigerator of 2 to 8 °C may have 8 °C, and 2."""
    assert take(watch(rule(delay_min=0), rule("below", limit_c=2, no=2)), stream([8.0, 2.0] * 20)) == []


def test_shorter_than_the_delay_is_no_alarm():
    """A door or a defrost that is over before the delay tells nobody."""
    assert told(take(watch(rule(delay_min=10)), stream([9.0] * 10 + [5.0] * 5))) == [
        ("pending", 0),
        ("dropped", 12),
    ]


def test_without_a_delay_the_first_reading_fires():
    """A delay of 0 means at once."""
    assert told(take(watch(rule(delay_min=0, recovery_min=0)), stream([5.0, 9.0, 5.0]))) == [
        ("active", 1),
        ("cleared", 2),
    ]


def test_it_does_not_flap():
    """Between recovery threshold and limit, and for less than the recovery time, an alarm stays what it
    is."""
    swings = [7.5, 8.5] * 10 + [6.5, 6.5, 8.5] * 5
    found = alarms(
        watch(rule(delay_min=2, recovery_c=7, recovery_min=5)), stream([9.0] * 3 + swings + [6.0] * 7)
    )
    assert found == [("active", 2), ("cleared", 43)]


def test_a_value_within_its_limit_is_back_at_once():
    """That a value is within its limit is told with the first such reading, while the rule's recovery time
    goes on, and once; beyond again, it is the same alarm. Faults are neither, and that it is over is told by
    itself."""
    engine = watch(rule(delay_min=2, recovery_c=6, recovery_min=5))
    take(engine, stream([9.0] * 4))
    assert engine.back() == {}
    take(engine, stream([7.9, None, 7.0], first=4))
    assert engine.back() == {(1, 1): {1: START_MS + 4 * MINUTE_MS}} and engine.back() == {}
    assert told(take(engine, stream([9.0] * 2, first=7))) == [] and engine.back() == {(1, 1): {}}
    assert alarms(engine, stream([5.0] * 6, first=9)) == [("cleared", 14)] and engine.back() == {}
    take(engine, stream([9.0] * 4 + [1.0], first=20))
    assert engine.back() == {(1, 1): {1: START_MS + 24 * MINUTE_MS}}


def test_that_it_rose_stays_true_wherever_it_is():
    """A rise is nothing that is back before its rule takes it for over."""
    engine = watch(rule("rise", change_c=3, within_min=10, delay_min=0, recovery_min=30))
    fast = [20.0] * 5 + [20 + 0.5 * n for n in range(10)] + [20.0] * 15
    assert [what for what, _ in alarms(engine, stream(fast))] == ["active"] and engine.back() == {}


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from([5.0, 7.9, 8.1, 9.0, None]), st.integers(5, 70)), max_size=40),
    st.booleans(),
)
def test_who_jumps_about_the_limit_is_back_when_he_stayed(readings, restarts):
    """Against a recount of all readings since the alarm: back is who came back for the first time, was beyond
    for a minute before, or has stayed for one. A restart changes nothing."""
    one = rule(delay_min=0, recovery_c=6, recovery_min=3)
    engine, since, back, second = watch(one, interval_min=1), [], {}, 0
    for celsius, passed_s in readings:
        second += passed_s
        steps = told(take(engine, [Reading(second / 60, celsius)]))
        if restarts:
            state = json.loads(json.dumps(engine.state()))
            back, engine = back | engine.back(), watch(one, interval_min=1)
            engine.restore(state)
        back |= engine.back()
        if ("active", second / 60) in steps:
            since, back = [], {}
        if celsius is not None:
            since.append((second, celsius > 8))
        if steps and steps[-1][0] == "cleared":
            since, back = [], {}
        expected = recount(since)
        assert back.get((1, 1), {}) == ({1: START_MS + expected * 1000} if expected else {})


def recount(readings):
    """Since when it is back, 0 for not. readings: (second, whether beyond) since the alarm began."""
    beyond = [place for place, (_, is_beyond) in enumerate(readings) if is_beyond]
    if not beyond or beyond[-1] == len(readings) - 1:
        return 0
    back_s = readings[beyond[-1] + 1][0]
    before = [place for place in range(beyond[-1]) if not readings[place][1]]
    lasted = not before or back_s - readings[before[-1] + 1][0] >= 60
    return back_s if lasted or readings[-1][0] - back_s >= 60 else 0


def test_noise_at_the_limit_does_not_hide_an_excursion():
    """A dip of some seconds does not start the delay anew; one that lasts does."""
    every = 2 / 60
    noisy = [8.5 if n % 10 else 7.9 for n in range(400)]
    assert [
        what for what, _ in alarms(watch(rule(delay_min=10), interval_min=every), stream(noisy, every=every))
    ] == ["active"]
    real = ([8.5] * 270 + [7.5] * 60) * 5
    assert alarms(watch(rule(delay_min=10), interval_min=every), stream(real, every=every)) == []


def test_mostly_within_is_no_excursion():
    """Noise that now and then touches the limit never adds up to an alarm."""
    every = 2 / 60
    noisy = [7.9 if n % 5 else 8.1 for n in range(2000)]
    assert alarms(watch(rule(delay_min=10), interval_min=every), stream(noisy, every=every)) == []


def test_faults_are_no_temperature():
    """A reading without a value neither begins, ends nor breaks anything."""
    values = [9.0, None, 9.0, 9.0, None, 9.0, 9.0, None, None, None, 5.0, None, 5.0]
    assert told(take(watch(rule(delay_min=5, recovery_min=2)), stream(values))) == [
        ("pending", 0),
        ("active", 5),
        ("cleared", 12),
    ]
    assert take(watch(rule(delay_min=0)), stream([None] * 50)) == []


def test_a_gap_neither_fires_nor_hides():
    """Time in which nobody measured does not count, and does not start the delay anew."""
    readings = stream([9.0] * 5) + stream([9.0] * 8, first=60)
    assert alarms(watch(rule(delay_min=10)), readings) == [("active", 66)]
    assert alarms(watch(rule(delay_min=10)), stream([9.0] * 5) + stream([9.0] * 2, first=600)) == []


def test_a_gap_does_not_clear():
    """An alarm that is active stays so over a gap; recovery is counted by what was measured."""
    readings = stream([9.0] * 11) + stream([5.0] * 3, first=60) + stream([5.0] * 4, first=120)
    assert alarms(watch(rule(delay_min=10, recovery_min=5)), readings) == [("active", 10), ("cleared", 123)]


def test_cumulative_minutes():
    """Ten minutes beyond the limit within an hour are an alarm, also when they come in pieces; spread over
    more they are none."""
    one = rule(delay_min=10, counting="cumulative", window_min=60)
    found = alarms(watch(one), stream(([9.0] * 4 + [7.0] * 11) * 6))
    assert found == [("active", 32), ("cleared", 39), ("active", 77), ("cleared", 84)]
    assert alarms(watch(one), stream(([9.0] * 2 + [7.0] * 28) * 8)) == []


@pytest.mark.parametrize(("kind", "sign"), [("rise", 1), ("fall", -1)])
def test_a_change_within_a_time(kind, sign):
    """Three degrees in ten minutes are an alarm, in an hour they are not; and a lone spike is no change."""
    one = rule(kind, change_c=3, within_min=10, delay_min=0, recovery_min=5)
    fast = [20.0] * 5 + [20 + sign * 0.5 * n for n in range(10)] + [20 + sign * 5.0] * 30
    found = alarms(watch(one), stream(fast))
    assert [what for what, _ in found] == ["active", "cleared"] and 11 <= found[0][1] <= 13
    assert alarms(watch(one), stream([20 + sign * 0.05 * n for n in range(300)])) == []
    assert (
        alarms(
            watch(one), stream(([20.0] * 9 + [20 + sign * 40.0]) * 9 + ([20.0] * 9 + [20 - sign * 40.0]) * 9)
        )
        == []
    )


def test_outside_its_hours_nothing_begins():
    """Outside its hours a rule counts no time; an alarm that is active ends by recovery, not by the clock."""
    # START_MS is a Friday, 20:26:40 UTC... the hours begin 30 minutes later.
    begin = (START_MS // MINUTE_MS + 30) % 1440
    hours = [
        {
            "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
            "from": f"{begin // 60:02d}:{begin % 60:02d}",
            "to": f"{(begin + 60) % 1440 // 60:02d}:{(begin + 60) % 60:02d}",
        }
    ]
    one = rule(delay_min=10, recovery_min=5, schedule=hours, zone="UTC")
    found = alarms(watch(one), stream([9.0] * 120 + [5.0] * 10))
    assert [what for what, _ in found] == ["active", "cleared"]
    assert 39 <= found[0][1] <= 41 and found[1][1] == 125
    assert alarms(watch(one), stream([9.0] * 25 + [5.0] * 100 + [9.0] * 60)) == []


def test_an_interval_that_nobody_told_is_learned():
    """A probe that delivers less often than the hub believes has no gaps for that: its alarm comes."""
    found = alarms(watch(rule(delay_min=30), interval_min=2 / 60), stream([5.0] * 20 + [9.0] * 40, every=5))
    assert found == [("active", 130)]
    assert alarms(watch(rule(delay_min=30), interval_min=0), stream([5.0] * 20 + [9.0] * 40, every=5)) == [
        ("active", 130)
    ]


def test_a_sender_whose_clock_is_behind_still_alarms():
    """Readings that are always an hour old, and come as often as they are taken, are no backlog: the alarm
    comes."""
    found = alarms(watch(rule(delay_min=10)), stream([5.0] * 30 + [9.0] * 30, late=60))
    assert found == [("active", 40)]


def test_a_sender_whose_clock_is_ahead_still_alarms():
    """Readings dated in the future are of now."""
    found = alarms(watch(rule(delay_min=10)), stream([5.0] * 30 + [9.0] * 30, late=-60))
    assert [what for what, _ in found] == ["active"]


@pytest.mark.parametrize("step_min", [-600, -60, -2, 2, 60, 600, 60 * 24 * 365])
@pytest.mark.parametrize("at", [3, 13, 25, 31])
def test_a_step_of_the_hubs_clock(step_min, at):
    """The hub's clock is set, at any moment of an excursion: the alarm neither comes for that nor stays away,
    nor ends sooner."""
    values = [5.0] * 10 + [9.0] * 15 + [5.0] * 20
    readings = [Reading(n + (step_min if n >= at else 0), value) for n, value in enumerate(values)]
    found = take(watch(rule(delay_min=10, recovery_min=5)), readings)
    kinds = [one.what for one in found]
    assert [what for what in kinds if what != "pending"] == ["active", "cleared"] and not any(
        one.past for one in found
    )
    places = [
        next(n for n, one in enumerate(readings) if one.minute * MINUTE_MS + START_MS == t.at_ms)
        for t in found[-2:]
    ]
    # How long it was between the two readings about the step is not known; up to three intervals cannot be
    # told from a pause.
    off = range(-2 if step_min == 2 else 0, 2)
    assert places[0] - 20 in off and places[1] - 30 in off and all(one.since_ms <= one.at_ms for one in found)


def test_rules_of_one_probe_do_not_disturb_each_other():
    """Warning and critical, high and low: each has its own time."""
    rules = [
        rule(no=1, delay_min=10),
        rule(no=2, limit_c=10, delay_min=5, severity="critical"),
        rule("below", no=3, limit_c=2, delay_min=0),
    ]
    found = take(watch(*rules), stream([9.0] * 8 + [11.0] * 8 + [1.0]))
    assert [(one.rule, one.what) for one in found if one.what not in ("pending", "dropped")] == [
        (1, "active"),
        (2, "active"),
        (3, "active"),
    ]


def test_probes_do_not_disturb_each_other():
    """Each probe has alarms of its own."""
    both = sorted(stream([9.0] * 12) + stream([5.0] * 12, probe=2), key=lambda one: one.minute)
    found = take(watch(rule(delay_min=5), probes=(1, 2)), both)
    assert {one.probe for one in found} == {1} and [one.what for one in found] == ["pending", "active"]


def test_a_rule_that_was_changed_keeps_its_alarm():
    """The limit of a rule moves: its live alarm goes on and ends by the new one. Another kind begins anew."""
    old = watch(rule(delay_min=5))
    take(old, stream([9.0] * 10))
    state = json.loads(json.dumps(old.state()))
    new = watch(rule(limit_c=9.5, delay_min=5, recovery_min=2))
    new.restore(state)
    assert alarms(new, stream([9.0] * 5, first=10)) == [("cleared", 12)]
    other = watch(rule("below", limit_c=20, delay_min=5))
    other.restore(state)
    assert alarms(other, stream([9.0] * 10, first=10)) == [("active", 15)]


values = st.one_of(st.none(), st.sampled_from([2.0, 7.0, 7.9, 8.0, 8.1, 9.0, 12.0]))


@st.composite
def streams(draw: st.DrawFn) -> list[Reading]:
    """Readings as they may come: runs of values, gaps, faults, backlogs in order and behind the newest, two
    probes."""
    found: list[Reading] = []
    minute = {1: 0.0, 2: 0.0}
    for _ in range(draw(st.integers(1, 14))):
        probe, value, count = draw(st.sampled_from([1, 1, 2])), draw(values), draw(st.integers(1, 20))
        late = draw(st.sampled_from([0, 0, 0, 30]))
        first = minute[probe] + draw(st.sampled_from([1, 1, 1, 20, -15]))
        found += stream([value] * count, first=first, late=late, probe=probe)
        minute[probe] = max(minute[probe], first + count - 1)
    return found


RULES = [
    rule(no=1, delay_min=5, recovery_min=3, recovery_c=7),
    rule(no=2, delay_min=0, recovery_min=0),
    rule("below", no=3, limit_c=7.95, delay_min=8, counting="cumulative", window_min=20),
    rule("rise", no=4, change_c=1, within_min=5, delay_min=1),
]


def engine() -> Evaluator:
    return watch(*RULES, probes=(1, 2))


@settings(max_examples=15, deadline=None)
@given(streams(), st.data())
def test_however_the_stream_is_cut(readings, data):
    """Blocks of any size tell the same as one, and so does an Evaluator that was killed and restored between
    any two of them."""
    whole = take(engine(), readings)
    found, one, at = [], engine(), 0
    while at < len(readings):
        size = data.draw(st.integers(1, 30))
        found += take(one, readings[at : at + size])
        at += size
        if data.draw(st.booleans()):
            state = json.loads(json.dumps(one.state()))
            one = engine()
            one.restore(state)
    assert found == whole


@settings(max_examples=15, deadline=None)
@given(streams())
def test_each_alarm_has_one_life(readings):
    """Of each rule and probe there is one live alarm: active, cleared, active …; what is pending is told
    before; times are in order."""
    live: dict[tuple[int, int], str] = {}
    for one in take(engine(), readings):
        assert one.since_ms <= one.at_ms and (one.worst_c is None or math.isfinite(one.worst_c))
        if one.past:
            continue
        before = live.get((one.rule, one.probe), "cleared")
        allowed = {"pending": ("cleared", "dropped"), "active": ("cleared", "dropped", "pending")}
        assert before in {**allowed, "cleared": ("active",), "dropped": ("pending",)}[one.what]
        live[one.rule, one.probe] = one.what


@settings(max_examples=15, deadline=None)
@given(streams(), st.integers(1, 60))
def test_no_late_batch_fires(readings, minutes):
    """Whatever comes late behind live readings, in whatever order, fires nothing."""
    one = engine()
    now = max(reading.minute for reading in readings) + 30
    take(one, stream([7.97] * 40, first=now) + stream([7.97] * 40, first=now, probe=2))
    late = [reading._replace(late=now + 60 + n / 60 - reading.minute) for n, reading in enumerate(readings)]
    found = take(one, late) + one.tick(START_MS + round((now + 60 + minutes) * MINUTE_MS))
    assert all(transition.past for transition in found)


def test_only_rules_for_temperatures():
    """Rules for silence and the like are another part's: they are no burden here."""
    assert take(Evaluator([Watch(rule("silent"), 1, 0)]), stream([9.0] * 100)) == []


def test_what_became_worse_is_told_once_and_again_after_a_kill() -> None:
    """Of an alarm that goes on the worst so far, when there is news; an engine that begins again from an
    earlier state finds the same."""
    engine = watch(rule(delay_min=2))
    take(engine, stream([9, 9, 9]))
    engine.worse()
    state, more = engine.state(), stream([9.5, 11, 10], first=3)
    take(engine, more)
    found = engine.worse()
    assert found == {(1, 1): (11, START_MS + 4 * MINUTE_MS)} and engine.worse() == {}
    again = watch(rule(delay_min=2))
    again.restore(state)
    take(again, more)
    assert again.worse() == found
    take(engine, [Reading(4.5, 11.5, late=3)])
    assert engine.worse() == {(1, 1): (11.5, START_MS + round(4.5 * MINUTE_MS))}, (
        "late readings of its time count"
    )
    take(engine, stream([12, 4, 4, 4, 4, 4, 4, 4], first=6))
    assert engine.worse() == {}, "what is over has its worst already"
