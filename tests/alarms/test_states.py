"""How a probe does, in one word: by its own pace, its limits, its alarms, and what nobody has seen."""

import pytest

from temphub_kernel.alarms import Rule, states
from temphub_kernel.journal import Alarm

NOW = 1_800_000_000_000
MINUTE = 60_000


@pytest.mark.parametrize(
    ("age_s", "interval_s", "state"),
    [(0, 2, "online"), (7.9, 2, "online"), (8.1, 2, "late"), (31, 2, "late"), (33, 2, "silent"),
     (700, 300, "online"), (1000, 300, "late"),
     (3100, 300, "silent"), (25, 0, "online"), (60, 0, "late"), (110, 0, "silent"), (-3, 2, "online")],
)  # fmt: skip
def test_a_probe_is_judged_by_its_own_interval(age_s, interval_s, state):
    """Three missed readings make a probe late, ten (and half a minute) silent; a slow probe is not late for
    being slow."""
    assert states.heard(NOW, NOW - round(age_s * 1000), round(interval_s * 1000), good=True) == state


@pytest.mark.parametrize(("age_s", "state"), [(37, "online"), (39, "late"), (61, "late"), (63, "silent")])
def test_what_the_hub_asked_for_makes_nobody_late(age_s, state):
    """A probe of two seconds that may keep its readings for thirty is late, or silent, so much later."""
    assert states.heard(NOW, NOW - age_s * 1000, 2_000, good=True, gathered_ms=30_000) == state
    assert states.gathered({"within_ms": 30_000}) == 30_000
    assert states.gathered({}) == states.gathered({"within_ms": "soon"}) == 0


def test_a_faulty_sensor_is_not_online_and_an_old_fault_is_silence():
    """A bad reading shows as a fault while it is fresh; a probe that fell silent after it is silent."""
    assert states.heard(NOW, NOW - 1000, 2000, good=False) == "fault"
    assert states.heard(NOW, NOW - 60_000, 2000, good=False) == "silent"
    assert states.heard(NOW, None, 2000, good=False) == "waiting"


@pytest.mark.parametrize(
    ("taken_ms", "delivered_ms", "state"),
    [(NOW - 180 * MINUTE, NOW - 1000, "late"), (NOW - 180 * MINUTE, NOW - 20_000, "silent"),
     (NOW + 180 * MINUTE, NOW - 1000, "silent"), (NOW - 1000, NOW - 1000, "online")],
)  # fmt: skip
def test_a_probe_that_brings_what_it_kept_is_late_and_not_silent(taken_ms, delivered_ms, state):
    """Oldest first after an outage: it is at work, however old that is. What it brings says nothing of now,
    so a limit that it passes is no trouble of now either."""
    heard = states.heard(NOW, taken_ms, 2000, good=True, delivered_ms=delivered_ms)
    assert heard == state
    above = Rule.from_json({"kind": "above", "limit_c": 8.0})
    told = states.standing(states.Newest(heard, taken_ms, taken_ms, 20.0, 2000), [above], [], None, NOW)
    assert told.state == {"online": "too_warm"}.get(state, state)


@pytest.mark.parametrize("taken_ms", [NOW - 1000, NOW - 60_000, None])
def test_a_refusal_outweighs_all_else(taken_ms):
    """A probe whose deliveries are refused is not online because it was a moment ago, nor is it only silent
    or new."""
    assert states.heard(NOW, taken_ms, 2000, good=True, refused=True) == "refused"


def newest(heard="online", celsius=4.0, *, ago_ms=1_000, good_ago_ms=None):
    """What is known of a probe that delivers every 2 s."""
    good_ms = NOW - (ago_ms if good_ago_ms is None else good_ago_ms)
    return states.Newest(heard, NOW - ago_ms, good_ms, celsius, 2_000)


def limit(kind="above", limit_c=8.0, no=1, **more):
    return Rule.from_json({"kind": kind, "limit_c": limit_c, **more}, no=no)


def alarm(cause="above", severity="warning", *, cleared_ms=0, acked_ms=0, limit_c=8.0, back=None):
    times = {"since_ms": NOW - 40 * MINUTE, "fired_ms": NOW - 10 * MINUTE}
    given = {"cause": cause, "severity": severity, "limit_c": limit_c, "cleared_ms": cleared_ms}
    body = {} if back is None else {"back": back, "probes": [1, 2]}
    usual = dict.fromkeys(Alarm._fields, 0) | {"body": body, "probe_id": "A", "worst_c": None}
    return Alarm(**{**usual, **times, **given, "acked_ms": acked_ms})


def judged(known=None, *, limits=(), alarms=(), silence=None, pending=lambda _rule: 0, no=0):
    return states.standing(known or newest(), limits, alarms, silence, NOW, pending, no)


def test_a_probe_that_delivers_again_is_not_silent():
    """While its rule still waits whether the silence is over it was silent, until it came back and no longer;
    one beside it in the same alarm is silent. Whoever acknowledged it has seen it; one that stops again is
    silent, and so is what its rule says when it has taken it for over."""
    back_ms = NOW - 2 * MINUTE
    alarms = [alarm("silent", "critical", limit_c=None, back={"1": back_ms})]
    told = judged(alarms=alarms, no=1)
    assert told == ("unseen", states.WARNING, NOW - 40 * MINUTE, None, "silent", back_ms, False)
    assert judged(alarms=alarms, no=2)[:2] == ("silent", states.CRITICAL)
    assert judged(alarms=[alarms[0]._replace(acked_ms=NOW)], no=1).state == "fine"
    assert judged(alarms=[alarms[0]._replace(cleared_ms=NOW)], no=1).to_ms == back_ms
    assert judged(alarms=[alarms[0]._replace(cleared_ms=NOW)], no=2).to_ms == NOW
    assert judged(newest("silent", ago_ms=MINUTE), alarms=alarms, no=1)[:2] == ("silent", states.WARNING)
    assert alarms[0].all_back_ms == 0
    both = alarm("silent", back={"1": back_ms, "2": NOW})
    assert both.all_back_ms == NOW and both._replace(cleared_ms=NOW).all_back_ms == 0


def test_a_value_beyond_its_limit_counts_before_it_is_an_alarm():
    """A fridge that drifts turns at once, with the time that its hub has counted; a freezer beside it has a
    limit of its own."""
    told = judged(newest(celsius=8.4), limits=[limit()], pending=lambda rule: NOW - rule * MINUTE)
    assert told == ("too_warm", states.WARNING, NOW - MINUTE, 8.0, "above", 0, False)
    assert judged(newest(celsius=8.0), limits=[limit()]).state == "fine"
    assert judged(newest(celsius=1.5), limits=[limit("below", 2.0)])[:2] == ("too_cold", states.WARNING)
    assert judged(newest(celsius=-14.0), limits=[limit(limit_c=-15.0)]).limit_c == -15.0


def test_a_limit_counts_in_its_hours_only():
    """Who watches a room at night is not shown a warm day as trouble."""
    never = {"schedule": [{"days": ["mon"], "from": "00:00", "to": "00:01"}], "zone": "UTC"}
    assert judged(newest(celsius=20.0), limits=[limit(**never)]).state == "fine"


@pytest.mark.parametrize(("heard", "celsius"), [("silent", 9.0), ("fault", None)])
def test_silence_and_a_failing_sensor_are_a_warning_that_becomes_critical(heard, celsius):
    """The longer nobody knows how warm it is, the more it matters; what the last value was does not hide
    it."""
    for minutes, level in ((2, states.WARNING), (11, states.CRITICAL)):
        ago_ms = minutes * MINUTE
        known = newest(heard, celsius, ago_ms=ago_ms if heard == "silent" else 0, good_ago_ms=ago_ms)
        told = judged(known, limits=[limit()])
        assert (told.state, told.level, told.since_ms) == (heard, level, NOW - ago_ms)


def test_a_silence_is_kept_until_somebody_has_seen_it():
    """A freezer whose probe comes back for a second is not well again before somebody has looked."""
    over = states.Silence(NOW - 30 * MINUTE, NOW - MINUTE)
    told = judged(silence=over)
    assert told == ("unseen", states.WARNING, NOW - 30 * MINUTE, None, "", NOW - MINUTE, False)
    assert judged(silence=over._replace(seen_ms=NOW)).state == "fine"
    assert judged(silence=states.Silence(NOW - 30 * MINUTE)).state == "fine"


def test_an_alarm_that_is_over_is_kept_until_somebody_acknowledges():
    """So it is with an alarm; one that goes on stays what it is, and comes after those that nobody takes care
    of."""
    assert judged(alarms=[alarm(cleared_ms=NOW)]).state == "unseen"
    assert judged(alarms=[alarm(cleared_ms=NOW, acked_ms=NOW)]).state == "fine"
    assert judged(alarms=[alarm(severity="critical")])[:2] == ("too_warm", states.CRITICAL)
    cared = judged(alarms=[alarm(severity="critical", acked_ms=NOW)])
    assert cared[:2] == ("too_warm", states.CRITICAL) and cared.taken_care
    assert cared.rank > judged(newest("silent", ago_ms=20 * MINUTE)).rank


def test_somebody_who_takes_care_of_an_alarm_is_not_told_of_its_limit_again():
    """A warning that is acknowledged is taken care of while the value is still beyond; another limit that is
    passed meanwhile is news."""
    warm, one = newest(celsius=9.0), alarm(acked_ms=NOW)._replace(rule=1)
    assert judged(warm, limits=[limit()], alarms=[one]).taken_care
    told = judged(warm, limits=[limit(), limit(limit_c=8.5, no=2)], alarms=[one])
    assert (told.limit_c, told.taken_care) == (8.5, False)
    assert not judged(warm, limits=[limit()], alarms=[one._replace(cleared_ms=NOW)]).taken_care


def test_the_worst_comes_first():
    """Critical before a warning, and of one level in one order: too warm, too cold, a failing sensor,
    silence, late, fine."""
    found = [
        judged(newest("late")),
        judged(),
        judged(newest("silent", ago_ms=2 * MINUTE)),
        judged(newest(celsius=9.0), limits=[limit()]),
        judged(newest("fault", None, good_ago_ms=MINUTE)),
        judged(newest(celsius=1.0), limits=[limit("below", 2.0)]),
        judged(newest("silent", ago_ms=20 * MINUTE)),
    ]
    ordered = [one.state for one in sorted(found, key=lambda one: one.rank)]
    assert ordered == ["silent", "too_warm", "too_cold", "fault", "silent", "late", "fine"]
