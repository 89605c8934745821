"""Ids that came once or a few times and did not come back."""

from types import SimpleNamespace

import pytest

from temphub_kernel.core.names import CROWD, ENOUGH_READINGS, transient

HOUR = 3_600_000
NOW = 1_900_000_000_000


def gone(readings=1, ago_ms=2 * HOUR, first_ago_ms=None, now_ms=NOW, **record):
    probe = {
        "id": "P",
        "first_ms": NOW - (ago_ms if first_ago_ms is None else first_ago_ms),
        "seen_ms": 0,
        **record,
    }
    known = {"P": SimpleNamespace(readings=readings, delivered_ms=NOW - ago_ms)} if readings else {}
    return bool(transient([probe], known, now_ms))


def test_who_delivered_once_and_did_not_come_back_is_one():
    """A reading, then an hour of nothing; so is one that said hello only."""
    assert gone() and not gone(ago_ms=HOUR // 2)
    assert gone(readings=0, seen_ms=NOW - 2 * HOUR) and not gone(readings=0, seen_ms=NOW - 1000)


@pytest.mark.parametrize(
    "known",
    [
        {"alias": "Cellar"},
        {"group": "House"},
        {"note": "mine"},
        {"place": 1},
        {"hidden": 1},
        {"trust": "claimed"},
        {"trust": "trusted"},
        {"trust": "waiting"},
        {"provisioned_ms": 1},
        {"present": 1, "via": "mdns"},
        {"problem": "It is refused."},
    ],
)
def test_whom_somebody_spoke_for_stays(known):
    """A name, a group, a note, a place, a key, an advert, or that it could be told where to deliver: it is
    shown, silent as it is."""
    assert not gone(**known)
    assert gone(trust="plain", present=1, via="hello")


def test_whoever_delivered_often_stays():
    """Ten readings are a probe, and that it is silent must be seen."""
    assert gone(ENOUGH_READINGS - 1) and not gone(ENOUGH_READINGS)


def test_a_slow_probe_is_given_ten_of_its_intervals():
    """Two readings six hours apart: a silence of two days is nothing, one of four days is."""
    assert not gone(2, ago_ms=48 * HOUR, first_ago_ms=54 * HOUR) and gone(
        2, ago_ms=96 * HOUR, first_ago_ms=102 * HOUR
    )


def crowd(readings, ago_ms, count=CROWD + 1, **record):
    probes = [
        {"id": f"P{n}", "first_ms": NOW - ago_ms, "seen_ms": 0, "problem": "x", **record}
        for n in range(count)
    ]
    return len(
        transient(
            probes,
            {f"P{n}": SimpleNamespace(readings=readings, delivered_ms=NOW - ago_ms) for n in range(count)},
            NOW,
        )
    )


def test_in_a_crowd_a_new_id_has_to_come_twice():
    """Of more than 200 unnamed ids those that came once are put away at once, the others after a minute; 200
    are waited for as ever."""
    assert crowd(1, 1000) == CROWD + 1 and crowd(1, 1000, CROWD) == 0
    assert crowd(2, 1000) == 0 and crowd(2, 70_000) == CROWD + 1
    assert crowd(ENOUGH_READINGS, 10 * HOUR) == 0


def test_thousands_of_adverts_speak_for_nobody():
    """Of more than 200 ids of which nothing is known but an advert none is shown before it delivers twice; of
    fewer each is."""
    announced = {"present": 1, "via": "mdns"}
    assert crowd(0, 1000, **announced) == CROWD + 1 and crowd(0, 1000, CROWD, **announced) == 0
    assert crowd(2, 1000, **announced) == 0 and crowd(0, 1000, **announced, provisioned_ms=1) == 0
