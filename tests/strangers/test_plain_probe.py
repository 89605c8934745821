"""Strangers' probes, in Python with zeroconf and in C with avahi, at our hub."""

import itertools
import time

import pytest

from support.strangers import TOKEN, Hub, Program, Street
from support.waiting import wait_for

pytestmark = [pytest.mark.network, pytest.mark.timeout(300)]
HUB, MOVED, OTHER, HERE = "10.77.0.1", "10.77.0.2", "10.77.0.3", "10.77.0.11"
# From the advert, or from a hub that is up again, to the next reading in the CSV.
BAR_S = 15.0


def stored_within(hub: Hub, probe_id: str, since: float, bar_s: float = BAR_S) -> float:
    """Seconds from `since` to the first reading of the probe in the CSV that was not there before the
    call."""
    before = len(hub.rows(probe_id))
    wait_for(lambda: len(hub.rows(probe_id)) > before, bar_s + 20, 0.1)
    took = time.time() - since
    assert took <= bar_s, f"{took:.1f} s, and {bar_s:g} s are promised"
    return took


def only_words(probe: Program) -> list[dict]:
    """What the probe's posts were answered with; never HTML, always JSON."""
    posted = probe.said("posted")
    assert posted
    for one in posted:
        assert one["kind"].startswith("application/json") and "<" not in one["answer"], one
    return posted


@pytest.fixture
def hub(street: Street) -> Hub:
    """Our hub at 10.77.0.1, not started."""
    return street.hub("hub", HUB)


@pytest.mark.parametrize("kind", ["py", "c"])
def test_a_stranger_is_found_told_and_recorded(street, hub, kind):
    """A probe written from the owner's text alone delivers within 15 s after its advert, to exactly the
    address that it was told, at the hub's interval, and is answered `{"ok":true}`; the same after a reboot
    with another port, and after the hub's address changed."""
    hub.start()
    place = street.host("probe", HERE)
    probe = street.stranger(kind, place, "TempProbe-0096", HERE)
    stored_within(hub, "TempProbe-0096", probe.first("advertised")["at"])
    wait_for(lambda: len(probe.said("posted")) >= 3, 15)
    posted = only_words(probe)
    assert {(one["url"], one["status"], one["answer"], one["token"]) for one in posted} == {
        (f"http://{HUB}:8088/api/ingest", 200, '{"ok":true}', "")
    }
    wait_for(lambda: len(hub.rows("TempProbe-0096")) >= len(posted))
    rows = hub.rows("TempProbe-0096")[: len(posted)]
    assert [float(row["temperature_c"]) for row in rows] == [one["celsius"] for one in posted]
    steps = [b["at"] - a["at"] for a, b in itertools.pairwise(posted[1:])]
    assert all(1.8 < step < 4.0 for step in steps), steps
    (known,) = hub.ask("/api/probes")["probes"]
    assert (known["id"], known["ip"], known["port"], known["problem"]) == ("TempProbe-0096", HERE, 80, "")

    probe.kill()
    probe = street.stranger(kind, place, "TempProbe-0096", HERE, 8081)
    stored_within(hub, "TempProbe-0096", probe.first("advertised")["at"])
    assert hub.ask("/api/probes")["probes"][0]["port"] == 8081

    street.lan.move(hub.space, MOVED)
    moved = time.time()
    wait_for(
        lambda: any(
            one["url"] == f"http://{MOVED}:8088/api/ingest" and one["status"] == 200
            for one in probe.said("posted", moved)
        ),
        30,
    )
    only_words(probe)
    assert "<html" not in hub.text().lower()


@pytest.mark.parametrize("kind", ["py", "c"])
def test_a_token_set_later_reaches_strangers_by_itself(street, hub, kind):
    """SERVER_TOKEN is set and the hub restarted: a stranger delivers again within 15 s, without a click, with
    a token that is good for its own name only and is not the secret; taken away again, it goes on."""
    hub.start()
    place = street.host("probe", HERE)
    probe = street.stranger(kind, place, "TempProbe-0096", HERE)
    stored_within(hub, "TempProbe-0096", probe.first("advertised")["at"])
    hub.stop()
    hub.start(SERVER_TOKEN=TOKEN)
    stored_within(hub, "TempProbe-0096", hub.up_at)
    posted = [one for one in only_words(probe) if one["status"] == 200][-1]
    assert posted["answer"] == '{"ok":true}' and posted["token"] not in ("", TOKEN)
    ingest, own = f"http://{HUB}:8088/api/ingest", f"X-Token: {posted['token']}"
    for name, status in (("TempProbe-0096", 200), ("TempProbe-0097", 401)):
        body = f'{{"temperature_c": 23.8, "probe_id": "{name}"}}'
        assert street.curl(place, "-H", own, "-d", body, ingest)[0] == status, name
    assert street.curl(place, "-H", own, "-X", "POST", f"http://{HUB}:8088/api/provision")[0] == 401
    assert (
        street.curl(
            place,
            "-H",
            f"X-Token: {TOKEN}",
            "-d",
            '{"temperature_c": 23.8, "probe_id": "TempProbe-0097"}',
            ingest,
        )[0]
        == 200
    )

    hub.stop()
    hub.start()
    stored_within(hub, "TempProbe-0096", hub.up_at)
    only_words(probe)
    assert TOKEN not in probe.log.read_text(encoding="utf-8") and TOKEN not in hub.text()


def test_two_hubs_of_ours_and_strangers(street, hub):
    """Two hubs and two strangers on one network: each reading is stored by one of the hubs, no probe falls
    silent, and nobody is answered with HTML."""
    other = street.hub("other", OTHER)
    hub.start()
    other.start()
    probes = [
        street.stranger(
            kind, street.host(f"probe{at}", f"10.77.0.{11 + at}"), f"TempProbe-000{at}", f"10.77.0.{11 + at}"
        )
        for at, kind in enumerate(("py", "c"))
    ]
    for probe in probes:
        probe.first("advertised")
    began = time.time()
    wait_for(lambda: time.time() - began > 40, 45, 0.5)
    for at, probe in enumerate(probes):
        posted = only_words(probe)
        assert {one["status"] for one in posted} == {200}
        times = [one["at"] for one in posted]
        assert max(b - a for a, b in itertools.pairwise(times)) < 6
        count = len(posted)
        wait_for(
            lambda at=at, count=count: (
                sum(len(one.rows(f"TempProbe-000{at}")) for one in (hub, other)) >= count
            )
        )
