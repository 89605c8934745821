"""Boards with several sensors, and boards that sleep: what is one thing is one alarm, and what is as it
should be is none."""

import pytest

from alarms.alarms_harness import rule
from alarms.sick_room import Room, kinds

SILENT = rule("silent", recovery_min=1)


def of_three(no: int) -> str:
    """Three sensors on each board: 1 to 3 on the first, and so on."""
    return f"B{(no - 1) // 3}"


def test_the_sensors_of_a_silent_board_are_one_alarm():
    """Three sensors fall silent with their board: one alarm with all three, through a restart, over when the
    board is heard again."""
    room = Room(SILENT, probes=range(1, 13), boards=of_three)
    room.wait(60, range(1, 13))
    found = room.wait(300, [1, 2, 3, *range(7, 13)])
    assert kinds(found) == [(4, "active")] and found[0].probes == (4, 5, 6)
    room.restart(away_s=10)
    assert kinds(room.wait(300, [*range(1, 4), *range(7, 13)])) == []
    assert kinds(room.wait(100, range(1, 13))) == [(4, "cleared")]


def test_one_board_is_not_many():
    """A board of three beside one other probe is that board; three boards of six are the network."""
    room = Room(SILENT, probes=range(1, 5), boards=of_three)
    room.wait(60, range(1, 5))
    assert kinds(room.wait(300, [4])) == [(1, "active")]
    room = Room(SILENT, probes=range(1, 19), boards=of_three)
    room.wait(60, range(1, 19))
    found = room.wait(300, range(10, 19))
    assert kinds(found) == [(0, "active")] and found[0].probes == tuple(range(1, 10))


def test_one_sensor_of_a_board_that_is_heard_is_itself():
    """While its board delivers others, a sensor of which nothing comes is an alarm of its own; so is one that
    stays away afterwards."""
    room = Room(SILENT, probes=range(1, 7), boards=of_three)
    room.wait(60, range(1, 7))
    assert kinds(room.wait(300, [1, 2, 4, 5, 6])) == [(3, "active")]
    found = room.wait(300, [4, 5, 6])
    assert kinds(found) == [(1, "active")] and found[0].probes == (1, 2)
    assert kinds(room.wait(300, [1, 4, 5, 6])) == [(1, "cleared"), (2, "active")]


def test_sensors_that_are_not_delivered_together_join_their_board():
    """Of a board whose sensors have other intervals the first silent one waits for half a minute; who follows
    is of the same alarm."""
    room = Room(rule("silent", recovery_min=1, at_least_min=0), probes=(1, 2, 3, 4), boards=of_three)
    for _ in range(20):
        room.wait(20, [1, 2, 4], every_s=5)
        room.deliver(3)
    room.told.clear()
    found = room.wait(300, [4], every_s=5)
    assert {one.probe for one in found} == {1} and found[-1].probes == (1, 2, 3)


def sleeper(room: Room, wakes: int, every_s: float, *, readings: int = 1, boot: int = 1) -> int:
    """A board that is up for some readings, and sleeps; the number of its next start."""
    for start in range(boot, boot + wakes):
        room.wait(readings * 2, [1], every_s=2, boot=start)
        room.wait(every_s - readings * 2, every_s=every_s)
    return boot + wakes


@pytest.mark.parametrize("interval_s", [0, 300])
@pytest.mark.parametrize("readings", [1, 5])
def test_a_board_that_sleeps_between_readings_does_not_reset(interval_s, readings):
    """It starts for each reading, twelve times an hour; also when some wakes do not get through. Starts
    between its wakes are resets."""
    room = Room(rule("resets", recovery_min=0), interval_s=interval_s)
    boot = sleeper(room, 8, 300, readings=readings)
    room.wait(900)
    boot = sleeper(room, 8, 310, readings=readings, boot=boot)
    assert room.told == []
    sleeper(room, 4, 40, readings=readings, boot=boot)
    assert kinds(room.told) == [(1, "active")]


def test_a_board_that_hangs_after_each_start_resets():
    """One reading and then nothing until its watchdog starts it again is no sleep where its interval is
    known; nor is a start every 8 s."""
    for interval_s, every_s in ((2, 65), (0, 8)):
        room = Room(rule("resets", recovery_min=0), interval_s=interval_s)
        sleeper(room, 8, every_s)
        assert kinds(room.told) == [(1, "active")]


def test_starts_that_a_backlog_tells_of_together_were_apart():
    """A probe that was restarted once a day while no hub was there brings seven starts at once: none of them
    is an alarm."""
    room = Room(rule("resets", recovery_min=0), interval_s=0)
    for hours in range(168, 0, -1):
        room.deliver(1, boot=8 - (hours + 23) // 24, late_s=hours * 3600)
    assert room.wait(60, [1], boot=7) == []
