"""What comes late: it stands in the past, and never fires a live alarm."""

from alarms.alarms_harness import MINUTE_MS, START_MS, alarms, backlog, rule, stream, take, told, watch


def test_late_data_never_fire_live():
    """What comes late and is over is told as past, once, with its own times."""
    engine = watch(rule(delay_min=10, recovery_min=5))
    kept = backlog([5.0] * 5 + [9.0] * 20 + [5.0] * 35, first=10, at=70)
    found = alarms(engine, stream([5.0] * 10) + kept + stream([5.0] * 10, first=71))
    assert found == [("past active", 25), ("past cleared", 40)]


def test_what_was_pending_and_ended_in_a_backlog():
    """It was pending when the Wi-Fi went away, and is over when it comes back: it is not pending any more,
    and stands in the past."""
    engine = watch(rule(delay_min=10, recovery_min=5))
    found = take(
        engine, stream([9.0] * 3) + backlog([9.0] * 20 + [5.0] * 20, first=3, at=60) + stream([5.0], first=61)
    )
    assert told(found) == [("pending", 0), ("dropped", 28), ("past active", 10), ("past cleared", 28)]


def test_a_backlog_that_leads_up_to_now():
    """A freezer that failed while the Wi-Fi was away is an alarm with the first live reading that confirms
    it, and no sooner."""
    engine = watch(rule(delay_min=10))
    assert alarms(engine, stream([5.0] * 10) + backlog([9.0] * 50, first=10, at=70)) == []
    found = take(engine, stream([9.0], first=70))
    assert (
        told(found) == [("active", 70)]
        and found[0].since_ms == START_MS + 10 * MINUTE_MS
        and not found[0].past
    )


def test_a_backlog_behind_the_newest():
    """A device that delivers the newest first and then what it kept: past is past, and what fills a gap
    builds the timer."""
    engine = watch(rule(delay_min=10, recovery_min=5))
    take(engine, stream([5.0] * 10) + stream([5.0], first=70))
    assert alarms(engine, stream([9.0] * 20 + [5.0] * 10, first=20, late=60)) == [
        ("past active", 30),
        ("past cleared", 45),
    ]
    # The same again is the same excursion.
    assert alarms(engine, stream([9.0] * 20 + [5.0] * 10, first=20.5, late=60)) == []
    engine = watch(rule(delay_min=10))
    take(engine, stream([9.0] * 3) + stream([9.0] * 2, first=60))
    assert alarms(engine, stream([9.0] * 57, first=3, late=60)) == []
    found = take(engine, stream([9.0], first=62))
    assert told(found) == [("active", 62)] and found[0].since_ms == START_MS


def test_late_data_that_show_it_was_over_in_between():
    """What fills a gap and is within the limits ends the run before it."""
    engine = watch(rule(delay_min=10))
    take(engine, stream([9.0] * 9) + stream([9.0], first=60))
    assert alarms(engine, stream([5.0] * 45, first=10, late=60)) == []
    assert alarms(engine, stream([9.0] * 20, first=61)) == [("active", 70)]


def test_an_excursion_that_only_late_data_make_long_enough():
    """Short before a gap and behind it, and what fills the gap shows that it was long: it stands in the past,
    and nobody is alarmed."""
    engine = watch(rule(delay_min=10, recovery_min=5))
    take(engine, stream([9.0] * 3) + stream([9.0] * 2, first=20))
    assert alarms(engine, stream([9.0] * 17, first=3, late=30)) == []
    assert alarms(engine, stream([5.0] * 10, first=22)) == [("past active", 21), ("past cleared", 27)]
    engine = watch(rule(delay_min=10))
    take(engine, stream([9.0] * 3) + stream([9.0] * 2, first=60))
    kept = stream([9.0] * 20 + [5.0] * 30, first=3, late=60)
    assert [what for what, _ in alarms(engine, kept)] == ["past active", "past cleared"]
    assert alarms(engine, stream([9.0] * 5 + [5.0] * 5, first=62)) == []


def test_an_excursion_of_which_the_end_comes_late():
    """It began live, the Wi-Fi went away, and it was over when the newest came: with what comes behind it
    stands in the past, whole."""
    engine = watch(rule(delay_min=10, recovery_min=5))
    take(engine, stream([9.0] * 6) + stream([5.0] * 5, first=60))
    found = take(engine, stream([9.0] * 6 + [5.0] * 30, first=6, late=60))
    assert [what for what, _ in told(found)] == ["past active", "past cleared"] and found[
        0
    ].since_ms == START_MS


def test_late_data_before_a_run_that_is_pending():
    """Late readings right before what is pending are its beginning; they count with the next reading."""
    engine = watch(rule(delay_min=10))
    take(engine, stream([5.0] * 3) + stream([9.0] * 2, first=60))
    take(engine, stream([9.0] * 20, first=40, late=60))
    engine.tick(START_MS + 200 * MINUTE_MS)
    found = take(engine, stream([9.0], first=62))
    assert told(found) == [("active", 62)] and found[0].since_ms == START_MS + 40 * MINUTE_MS


def test_late_data_that_end_beyond_the_limit():
    """An excursion that late readings leave open is told as past when no more come."""
    engine = watch(rule(delay_min=10))
    take(engine, stream([5.0] * 3) + stream([5.0] * 2, first=100))
    assert alarms(engine, stream([9.0] * 20, first=40, late=60)) == []
    found = engine.tick(START_MS + 400 * MINUTE_MS)
    assert told(found) == [("past active", 50), ("past cleared", 59)]
    assert engine.tick(START_MS + 500 * MINUTE_MS) == []


def test_readings_whose_arrival_nobody_knows_are_history():
    """What was taken in from a CSV log fires nothing."""
    found = alarms(
        watch(rule(delay_min=10)),
        [one._replace(late=-1 / MINUTE_MS) for one in stream([9.0] * 60 + [5.0] * 20)],
    )
    assert found == [("past active", 10), ("past cleared", 65)]
