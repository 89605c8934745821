"""ports/replay.py and the recorded series"""

from ports import replay
from probe.reading import UNITS_PER_C
from probe_harness import Ticks, run

VALUES = replay.load(replay.path_of(replay.SERIES))
DAY_S = len(VALUES) * 60


def _at(profile, recorded_s):
    return replay.Replay(VALUES, Ticks(), profile, 0).at(recorded_s) / UNITS_PER_C


def test_the_series_is_the_recorded_day():
    """1,440 minutes between -22.9 and -3.1 degrees, as NOAA published them."""
    assert len(VALUES) == 1440 and min(VALUES) == -229 and max(VALUES) == -31
    assert list(VALUES[:3]) == [-76, -77, -77]


def test_outdoor_is_what_was_recorded():
    """At each full minute the recorded value, to the nearest 0.0625."""
    for minute in range(0, 1440, 7):
        assert abs(_at("outdoor", minute * 60) - VALUES[minute] / 10) <= 0.04, minute


def test_between_two_minutes_it_goes_straight():
    """Half way in time is half way in temperature."""
    minute = next(m for m in range(1439) if abs(VALUES[m + 1] - VALUES[m]) >= 3)
    middle = (VALUES[minute] + VALUES[minute + 1]) / 20
    assert abs(_at("outdoor", minute * 60 + 30) - middle) <= 0.04


def test_values_come_in_the_steps_of_a_real_sensor():
    """Every value is a multiple of 0.0625."""
    for second in range(0, DAY_S, 997):
        assert _at("room", second) % 0.0625 == 0


def test_the_profiles_stay_where_they_belong():
    """A room is a room, a fridge a fridge, a freezer a freezer, all day long."""
    for profile, low, high in (("room", 18, 26), ("fridge", 2, 7), ("freezer", -22, -15)):
        day = [_at(profile, second) for second in range(0, DAY_S, 600)]
        assert low < min(day) < max(day) < high, profile
        assert max(day) - min(day) > 1, profile


def test_the_end_is_joined_without_a_jump():
    """Forwards, then backwards, for ever: no step is larger than the largest of the recording."""
    before = _at("outdoor", 0)
    for step in range(1, 3 * 1440):
        now = _at("outdoor", step * 60)
        assert abs(now - before) <= 0.5, step
        before = now


def test_time_runs_thirty_times_faster():
    """One recorded minute passes in 2 s."""
    ticks = Ticks()
    sensor = replay.Replay(VALUES, lambda: ticks.value, "outdoor", 600)
    assert run(sensor.read()) == (int(_at("outdoor", 600) * UNITS_PER_C), None)
    ticks.forward(2000)
    assert run(sensor.read()) == (int(_at("outdoor", 660) * UNITS_PER_C), None)


def test_each_probe_starts_elsewhere_and_always_there():
    """Ids that differ in one digit begin far apart; the same id begins at the same place."""
    starts = sorted(replay.start_of(f"TempProbe-0A0{n}", DAY_S) for n in range(1, 6))
    assert all(0 <= start < DAY_S for start in starts)
    assert min(starts[n + 1] - starts[n] for n in range(4)) > 600
    assert replay.start_of("x", DAY_S) == replay.start_of("x", DAY_S)


def test_a_lost_series_is_told():
    """An empty file stops the start with a remedy."""
    try:
        replay.load(replay.path_of("README.md").replace("README.md", "../__init__.py"))
    except ValueError:
        return
    raise AssertionError("loaded")
