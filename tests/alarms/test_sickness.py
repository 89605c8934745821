"""Sick probes: when silence, a frozen value, faults, resets, weak Wi-Fi and a growing outbox are alarms, and
when they are none."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings, strategies as st

from alarms.alarms_harness import rule
from alarms.sick_room import Room, kinds
from temphub_kernel.alarms import Sickness, Transition, Watch
from temphub_kernel.core.reading import STRUCK_OUT

SILENT = rule("silent", recovery_min=1)


def test_a_probe_falls_silent_and_comes_back():
    """After three of its intervals, and two minutes, once; cleared when it was back for the recovery time."""
    room = Room(SILENT, interval_s=60)
    room.wait(300, [1], every_s=60)
    last_ms = room.now_ms - 59_000
    assert room.wait(115) == []
    found = room.wait(600)
    assert kinds(found) == [(1, "active")]
    assert found[0].since_ms == last_ms and found[0].at_ms == last_ms + 180_000
    assert kinds(room.wait(59, [1])) == [] and kinds(room.wait(10, [1])) == [(1, "cleared")]


def test_who_delivers_again_is_known_at_once():
    """That a silent probe delivers again is told with its time before the rule takes the silence for over,
    once; that it is silent again, too; a restart of the hub in between changes nothing."""
    room = Room(SILENT)
    room.wait(60, [1])
    room.wait(300)
    assert room.engine.back() == {}
    back_ms = room.now_ms + 1_000
    room.wait(20, [1])
    assert room.engine.back() == {(1, 1): {1: back_ms}} and room.engine.back() == {}
    room.restart()
    room.wait(20, [1])
    assert room.engine.back() == {}
    room.wait(150)
    assert room.engine.back() == {(1, 1): {}}
    found = room.wait(90, [1])
    assert kinds(found) == [(1, "cleared")]


def test_of_many_each_delivers_again_by_itself():
    """Of an alarm of many it is told who is back, and when each of them came, while the others are silent."""
    room = Room(SILENT, probes=range(1, 6))
    room.wait(60, range(1, 6))
    assert kinds(room.wait(300)) == [(0, "active")]
    room.engine.back()
    room.wait(20, [2])
    (back,) = room.engine.back().values()
    assert set(back) == {2}
    room.wait(20, [2, 4])
    (later,) = room.engine.back().values()
    assert set(later) == {2, 4} and later[2] == back[2] < later[4]
    board = Room(SILENT, probes=range(1, 8), boards=lambda no: "B" if no < 3 else "")
    board.wait(60, range(1, 8))
    assert kinds(board.wait(300, range(3, 8))) == [(1, "active")]
    board.wait(20, range(2, 8))
    assert {key: set(one) for key, one in board.engine.back().items()} == {(1, 1): {2}}


def test_the_least_time_is_settable():
    """With at_least_min 0 the intervals alone count, as many as the rule says."""
    room = Room(rule("silent", at_least_min=0, intervals=5))
    room.wait(60, [1])
    assert room.wait(39) == [] and kinds(room.wait(3)) == [(1, "active")]


def test_who_delivers_in_batches_is_not_silent():
    """A probe that delivers every ten minutes what it measured each minute is at most once taken for silent,
    at the beginning."""
    room = Room(SILENT, interval_s=60)
    room.wait(3 * 3600, [1], every_s=600)
    room.told.clear()
    assert room.wait(5 * 3600, [1], every_s=600) == []


def test_whom_the_hub_asked_to_gather_is_not_silent():
    """A probe of two seconds that was asked to come every twenty sets off no alarm, from the first time on;
    one that stays away does, so much later."""
    room = Room(rule("silent", at_least_min=0), interval_s=2)
    room.wait(60, [1], every_s=2)
    room.engine.gathers(20_000)
    room.told.clear()
    assert room.wait(19) == [] and room.wait(600, [1], every_s=20) == []
    assert kinds(room.wait(120)) == [(1, "active")]
    eager = Room(rule("silent", at_least_min=0), interval_s=2)
    eager.wait(60, [1], every_s=2)
    assert kinds(eager.wait(19)) == [(1, "active")]


def test_many_at_once_are_one():
    """Forty probes behind one router: one alarm with all of them, and one end. Who stays away then has an
    alarm of its own."""
    room = Room(SILENT, probes=range(1, 41))
    room.wait(60, range(1, 41))
    found = room.wait(300)
    assert kinds(found) == [(0, "active")] and found[0].probes == tuple(range(1, 41)) and found[0].rule == 1
    found = room.wait(300, range(1, 40))
    assert kinds(found) == [(0, "cleared"), (40, "active")]


def test_one_of_many_is_itself():
    """While others are heard, one silent probe, or two, are alarms of their own, at once."""
    room = Room(SILENT, probes=range(1, 11))
    room.wait(60, range(1, 11))
    found = room.wait(300, range(1, 9))
    assert kinds(found) == [(9, "active"), (10, "active")]
    assert all(one.at_ms - one.since_ms <= 121_000 for one in found)


def test_many_whose_intervals_differ():
    """The quickest falls silent first; it waits for half a minute for the others, and those that follow later
    belong to it."""
    rules = [rule("silent", no=no) for no in range(1, 7)]
    room = Room(SILENT)
    room.watches = [Watch(one, one.no, 10_000 + 12_000 * one.no) for one in rules]
    room.engine = Sickness(room.watches)
    room.wait(200, range(1, 7), every_s=5)
    found = room.wait(600)
    assert kinds(found) == [(0, "active")] and len(found[0].probes) >= 3 and found[0].rule == 1


@pytest.mark.parametrize("step_s", [-86_400, -60, 60, 600, 86_400])
def test_a_step_of_the_hubs_clock_makes_nobody_silent(step_s):
    """The hub's clock is set, or its computer slept: nobody is taken for silent, and who is silent still is
    found."""
    room = Room(SILENT)
    room.wait(120, [1])
    room.now_ms += step_s * 1000
    assert room.wait(100) == []
    assert kinds(room.wait(30)) == [(1, "active")]
    room.now_ms += step_s * 1000
    assert room.wait(100) == [] and kinds(room.wait(100, [1])) == [(1, "cleared")]


def test_a_hub_that_was_away_blames_nobody():
    """While the hub did not run nobody could be heard; a silence before that goes on being counted."""
    room = Room(SILENT)
    room.wait(60, [1])
    room.restart(away_s=5000)
    assert room.wait(100) == []
    room.restart(away_s=3)
    assert kinds(room.wait(60)) == [(1, "active")]
    room.restart(away_s=60)
    assert room.wait(60) == [] and kinds(room.wait(70, [1])) == [(1, "cleared")]


def test_restarts_do_not_hide_silence():
    """A hub that is started again and again still finds who is silent."""
    room = Room(SILENT)
    room.wait(60, [1])
    for _ in range(10):
        room.wait(20)
        room.restart(away_s=30)
    assert kinds(room.told) == [(1, "active")]


def test_what_may_have_to_be_told_is_seen_coming():
    """What sends is made ready before a silent or weak probe has to be told of, and not while all is well or
    everybody knows."""
    room = Room(SILENT, rule("weak_wifi", no=2))
    room.wait(60, [1])
    assert not room.engine.soon(room.now_ms)
    room.wait(70)
    assert room.engine.soon(room.now_ms) and room.told == []
    room.wait(60)
    assert kinds(room.told) == [(1, "active")] and not room.engine.soon(room.now_ms)
    room.engine.tell(1, "rssi", -90, room.now_ms)
    assert room.engine.soon(room.now_ms)


def test_a_probe_that_never_spoke():
    """A probe that is watched and from which nothing comes is silent, counted from when it is watched."""
    room = Room(SILENT)
    assert room.wait(118) == [] and kinds(room.wait(5)) == [(1, "active")]


def test_a_frozen_value():
    """The same value to the last digit for a day is frozen; steps of a sixteenth of a degree all the while
    are none."""
    room = Room(rule("frozen"), interval_s=600)
    for n in range(24 * 6):
        room.wait(1, [1], celsius=5 + 0.0625 * (n % 2))
        room.now_ms += 599_000
    assert room.told == []
    for _ in range(23 * 6):
        room.wait(1, [1], celsius=5.0)
        room.now_ms += 599_000
    assert room.told == []
    for _ in range(9):
        room.wait(1, [1], celsius=5.0)
        room.now_ms += 599_000
    assert kinds(room.told) == [(1, "active")]


def frozen(others: Callable[[int], float], *, fine: bool = False, hours: int = 30) -> list[tuple[int, str]]:
    """What is told of probe 1, which says the same all the time, beside 2 and 3 of its group."""
    room = Room(rule("frozen"), interval_s=600, probes=(1, 2, 3), groups=lambda no: "cellar")
    step = 0.0078125 if fine else 0.0625
    for n in range(hours * 6):
        room.now_ms += 600_000
        # Its resolution is known from before.
        room.deliver(1, 12.0 if n > 3 else 12 + step * n)
        for other in (2, 3):
            room.deliver(other, others(n) + other)
        room.told += room.engine.tick(room.now_ms)
    return kinds(room.told)


def test_a_place_that_stands_still_is_not_frozen():
    """Where nothing moves for days a DS18B20 says the same for days: while its neighbours stand still, too,
    nothing is said."""
    assert frozen(lambda n: 12.0 + 0.0625 * (n % 2)) == []
    assert frozen(lambda n: 12.0 + n % 10) == [(1, "active")]


def test_a_fine_sensor_is_frozen_sooner():
    """A sensor whose steps are finer than a twentieth of a degree does not stand still for six hours."""
    assert frozen(lambda n: 12.0 + n % 10, fine=True, hours=8) == [(1, "active")]
    assert frozen(lambda n: 12.0 + n % 10, fine=False, hours=8) == []


def test_silence_is_not_frozen():
    """The same value before and after days without readings says nothing."""
    room = Room(rule("frozen"), interval_s=10)
    for _ in range(40):
        room.wait(60, [1])
        room.now_ms += 86_400_000
    assert room.told == []


def test_a_failing_sensor():
    """A fifth of all readings without a value, for some minutes: an alarm. One in ten, a burst, and what a
    person struck out are none."""
    room = Room(rule("sensor", recovery_min=5))
    for _ in range(40):
        room.wait(90, [1])
        room.wait(10, [1], celsius=None)
    assert room.told == []
    room.wait(1200, [1])
    room.wait(60, [1], celsius=None)
    room.wait(1200, [1])
    room.wait(1200, [1], celsius=None, quality=STRUCK_OUT)
    room.wait(1200, [1])
    assert room.told == []
    found = room.wait(1200, [1], celsius=None)
    assert kinds(found) == [(1, "active")] and found[0].at_ms - found[0].since_ms < 600_000
    assert kinds(room.wait(3600, [1])) == [(1, "cleared")]


def test_a_sensor_that_measures_again_is_known_by_what_it_measures():
    """A sensor that has given values for a minute is well again from the first of them, long before what it
    failed is forgotten; one that fails in between is not. A restart changes nothing."""
    room = Room(rule("sensor", recovery_min=5))
    room.wait(600, [1])
    assert kinds(room.wait(900, [1], celsius=None)) == [(1, "active")]
    for _ in range(3):
        room.wait(50, [1])
        room.wait(10, [1], celsius=None)
    assert room.engine.back() == {}
    first_ms = room.now_ms + 1000
    room.wait(70, [1])
    assert room.engine.back() == {(1, 1): {1: first_ms}} and room.engine.back() == {}
    room.restart()
    room.wait(30, [1])
    assert room.engine.back() == {}
    room.wait(30, [1], celsius=None)
    assert room.engine.back() == {(1, 1): {}}
    assert kinds(room.wait(1800, [1])) == [(1, "cleared")] and room.engine.back() == {}


def test_a_wifi_that_is_strong_again_is_known_at_once():
    """What somebody tells of a probe counts with the next look, though its rule waits."""
    room = Room(rule("weak_wifi", at_least_min=1, recovery_min=5))
    room.engine.tell(1, "rssi", -90, room.now_ms)
    assert kinds(room.wait(120, [1])) == [(1, "active")] and room.engine.back() == {}
    room.engine.tell(1, "rssi", -60, room.now_ms)
    room.wait(20, [1])
    (back,) = room.engine.back().values()
    assert set(back) == {1} and 0 < room.now_ms - back[1] <= 20_000
    assert kinds(room.wait(300, [1])) == [(1, "cleared")]


def test_a_probe_that_resets_again_and_again():
    """Three starts within an hour are an alarm; one a day is none, nor readings of an earlier start that come
    late."""
    room = Room(rule("resets", recovery_min=0))
    for boot in range(1, 8):
        room.wait(20, [1], boot=boot)
        room.restart(away_s=1)
        room.wait(1800, every_s=1800)
    assert room.told == []
    for boot in (20, 19, 20, 19, 20, 19):
        room.wait(60, [1], boot=boot)
    assert room.told == []
    for boot in (21, 22, 23):
        room.wait(60, [1], boot=boot)
    assert kinds(room.told) == [(1, "active")]
    assert kinds(room.wait(4000, [1], boot=23)) == [(1, "cleared")]


def test_weak_wifi():
    """Ten minutes at −80 dBm or less are an alarm, until it is above −75."""
    room = Room(rule("weak_wifi", recovery_min=0))

    def hear(*dbm: float) -> list[tuple[int, str]]:
        before = len(room.told)
        for one in dbm:
            room.engine.tell(1, "rssi", one, room.now_ms)
            room.wait(120)
        return kinds(room.told[before:])

    assert hear(-60, -85, -85, -70, -85, -85, -85, float("nan")) == []
    assert hear(-82, -82, -78) == [(1, "active")]
    assert hear(-78, -79) == [] and hear(-60) == [(1, "cleared")]


def test_an_outbox_that_grows():
    """What comes is later and later: an alarm. What catches up is none, and a clock that is behind
    neither."""
    room = Room(rule("outbox", recovery_min=0))
    for n in range(400):
        room.wait(10, [1], late_s=4000 - n * 10)
    assert room.told == []
    for _ in range(400):
        room.wait(10, [1], late_s=4000)
    assert room.told == []
    for n in range(200):
        room.wait(10, [1], late_s=4000 + n * 5)
    assert kinds(room.told) == [(1, "active")]
    for n in range(200):
        room.wait(10, [1], late_s=5000 - n * 25)
    assert kinds(room.told) == [(1, "active"), (1, "cleared")]


def test_an_outbox_that_says_so():
    """What a probe says of its own outbox counts as well."""
    room = Room(rule("outbox", recovery_min=0))
    for waiting in (0, 5, 0, 300, 200, 100, 0):
        room.engine.tell(1, "outbox", waiting, room.now_ms)
        room.wait(400)
    assert room.told == []
    for waiting in (50, 100, 150, 200):
        room.engine.tell(1, "outbox", waiting, room.now_ms)
        room.wait(650)
    assert kinds(room.told) == [(1, "active")]
    room.engine.tell(1, "outbox", 0, room.now_ms)
    assert kinds(room.wait(5)) == [(1, "cleared")]


def test_outside_its_hours():
    """A rule for sickness has hours as any other: outside of them nothing begins."""
    never = [{"days": ["sat"], "from": "03:00", "to": "03:01"}]
    room = Room(rule("silent", schedule=never, zone="UTC"), probes=(1, 2, 3, 4))
    assert room.wait(600) == []


ALL = [
    rule(kind, no=no + 1, recovery_min=1, at_least_min=2)
    for no, kind in enumerate(("silent", "frozen", "sensor", "resets", "weak_wifi", "outbox"))
]


@settings(max_examples=6, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["talk", "hush", "same", "fault", "boot", "weak", "late"]), st.integers(20, 200)
        ),
        max_size=8,
    ),
    st.data(),
)
def test_a_restart_changes_nothing(acts, data):
    """Killed and restored at any moment, it tells the same as one that was never killed."""

    def live(restarts: list[int]) -> list[Transition]:
        room, boot = Room(*ALL, probes=(1, 2, 3, 4)), 1
        for n, (act, seconds) in enumerate(acts):
            boot += act == "boot"
            if act == "weak":
                room.engine.tell(2, "rssi", -90, room.now_ms)
            said = {
                "celsius": None if act == "fault" else 5.0 + (n % 2 if act != "same" else 0),
                "boot": boot,
                "late_s": 900 + 3 * n if act == "late" else 0,
            }
            room.wait(seconds, () if act == "hush" else (1, 2, 3, 4), **said)
            if n in restarts:
                room.restart()
        return room.told

    assert live(data.draw(st.lists(st.integers(0, 7)))) == live([])
