"""The provisioner against real HTTP probes."""

import itertools
import socket
import time

import pytest

from support.waiting import wait_for
from temphub_kernel.core.clock import monotonic_s
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.reading import Sighting
from temphub_kernel.provisioner import Talk, schedule
from temphub_kernel.provisioner.orders import Given, ProbeCheck, State
from temphub_kernel.trust import signatures

KEY = bytes(range(32))


def raises(call, code: str, status: int) -> TempHubError:
    """The error of a call that must fail just so."""
    with pytest.raises(TempHubError) as caught:
        call()
    assert (caught.value.code, caught.value.status) == (code, status)
    assert caught.value.problem.endswith(".") and caught.value.remedy
    return caught.value


@pytest.mark.alone
def test_a_new_probe_is_told_at_once_and_then_left_alone(start, make_probe, results):
    """A new probe is told within a second; a probe that delivers here already is asked, not told again."""
    probe = make_probe()
    hub = start()
    before = time.monotonic()
    hub.meet(probe.sighting())
    first = results.wait(lambda c: c.ok and c.changed)
    assert time.monotonic() - before < 1
    assert first[:6] == (
        "TempProbe-0A01",
        "127.0.0.1",
        probe.port,
        True,
        "http://127.0.0.1:8088/api/ingest",
        2000,
    )
    assert (first.version, first.model) == ("1.0", "t")
    results.wait(lambda c: c.ok and not c.changed, count=2)
    assert probe.posts == [
        {"server_url": "http://127.0.0.1:8088/api/ingest", "interval_ms": 2000, "token": ""}
    ]


def test_where_a_count_stands_is_told_before_the_probe_delivers(start, make_probe, results, trust):
    """What /status says of a probe's count reaches the hub before the probe is told where to deliver; of a
    claimed probe, which signs what it says, anybody could make it up."""
    heard = []
    probe, claimed = make_probe("TempProbe-0A01"), make_probe("TempProbe-0A02")
    probe.said["sent_ms"] = 4711
    claimed.said |= {"sent_ms": 5000, "key_id": signatures.key_id(KEY), "nonce": "00" * 8}
    trust.offer("TempProbe-0A02", KEY)
    trust.confirm("TempProbe-0A02")

    def hear(*said):
        heard.append((*said, len(probe.posts)))

    before = monotonic_s()
    hub = start(heard=hear)
    hub.meet(probe.sighting())
    hub.meet(claimed.sighting())
    assert results.wait(lambda check: check.probe_id == "TempProbe-0A01").ok
    assert results.wait(lambda check: check.probe_id == "TempProbe-0A02").ok
    probe_id, boot, count, at_s, posts = heard[0]
    assert (probe_id, boot, count, posts) == ("TempProbe-0A01", "b1", 4711, 0)
    assert before <= at_s <= monotonic_s()
    assert {said[0] for said in heard} == {"TempProbe-0A01"}


@pytest.mark.parametrize(
    "change",
    [
        {"server_url": "http://10.0.0.1:1"},
        {"interval_ms": 7},
        {"needs_provision": True},
        {"boot": "b2"},
        {"token_set": True},
    ],
)
def test_what_differs_is_put_right(start, make_probe, results, change):
    """A probe that delivers elsewhere, at another interval, asks for it, or started anew is told again."""
    probe = make_probe()
    hub = start(check_every_s=30)
    hub.meet(probe.sighting())
    results.wait(lambda c: c.changed)
    probe.said |= change
    hub.wake(str(probe.said["id"]))
    results.wait(lambda c: c.changed, timeout_s=1.5, count=2)
    assert len(probe.posts) == 2


def test_a_probe_with_bounds_of_its_own_is_not_told_for_ever(start, make_probe, results):
    """A probe that agrees to another interval than asked is left at that."""
    probe = make_probe()
    probe.agrees = {"interval_ms": 5000}
    hub = start()
    hub.meet(probe.sighting())
    results.wait(lambda c: c.changed)
    results.wait(lambda c: not c.changed and c.interval_ms == 5000, count=3)
    assert len(probe.posts) == 1


def test_token(start, make_probe, results, trust):
    """The token goes to a trusted probe and opens one that holds it; a probe with another one is named as
    another hub's."""
    mine, other = make_probe("TempProbe-0A01"), make_probe("TempProbe-0A02")
    mine.holds, other.holds = "secret", "theirs"
    trust.trust("TempProbe-0A01")
    trust.trust("TempProbe-0A02")
    hub = start({"SERVER_TOKEN": "secret"})
    hub.meet(mine.sighting())
    hub.meet(other.sighting())
    assert results.wait(lambda c: c.probe_id == "TempProbe-0A01").ok
    assert (
        mine.posts[0]["token"] == signatures.probe_token("secret", "TempProbe-0A01") and len(mine.posts) == 1
    )
    bad = results.wait(lambda c: c.probe_id == "TempProbe-0A02")
    assert not bad.ok and "another hub" in bad.problem and bad.remedy.startswith("Set SERVER_TOKEN")
    assert "secret" not in bad.problem + bad.remedy
    raises(lambda: hub.provision_now("TempProbe-0A02"), "probe_claimed", 409)


def test_a_probe_of_the_old_protocol_is_told_once(start, make_probe, results):
    """A probe without /status is told once per start, and again when it is met with another boot."""
    probe = make_probe()
    probe.old = True
    hub = start()
    hub.meet(probe.sighting(boot="b1"))
    results.wait(lambda c: c.ok, count=3)
    assert len(probe.posts) == 1
    hub.meet(probe.sighting(boot="b2"))
    results.wait(lambda c: c.changed, count=2)


def test_tug_of_war_ends(start, make_probe, results):
    """Two hubs that both want a probe: after a few rounds this one stops and says which hub it is."""
    probe = make_probe()
    hub = start(check_every_s=30)
    hub.meet(probe.sighting())
    results.wait(lambda c: c.changed)
    for _ in range(4):
        probe.said["server_url"] = "http://10.0.0.1:8088"
        done = len(results.all)
        hub.wake()
        results.wait(lambda c: True, count=done + 1)
    assert "http://10.0.0.1:8088" in results.all[-1].problem
    assert len(probe.posts) == 4


def test_another_probe_at_the_address(start, make_probe, results):
    """When another probe has the address now, it is not told in the first one's name."""
    probe = make_probe("TempProbe-0A02")
    start().meet(probe.sighting(probe_id="TempProbe-0A01"))
    assert "TempProbe-0A02 answers instead" in results.wait(lambda c: not c.ok).problem
    assert probe.posts == []


@pytest.mark.alone
def test_new_address_ends_the_pause(start, make_probe, results):
    """A probe that failed and is met at another address is checked there at once."""
    probe = make_probe()
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nowhere = closed.getsockname()[1]
    hub = start()
    hub.meet(probe.sighting(port=nowhere))
    results.wait(lambda c: not c.ok, count=2)
    before = time.monotonic()
    hub.meet(probe.sighting())
    results.wait(lambda c: c.ok)
    assert time.monotonic() - before < 1


@pytest.mark.alone
def test_dead_probes_delay_no_other(start, make_probe, black_hole, results):
    """With 24 probes that take connections and never answer, a living one is still checked every second or
    so, a new one soon."""
    hub = start(check_every_s=0.5, talk=Talk(read_s=1.5))
    living, late = make_probe("TempProbe-0A01"), make_probe("TempProbe-0A02")
    hub.meet(living.sighting())
    results.wait(lambda c: c.ok)
    for number in range(24):
        hub.meet(Sighting(f"dead-{number}", "127.0.0.1", black_hole()))
    time.sleep(1.0)
    met = time.monotonic()
    hub.meet(late.sighting())
    results.wait(lambda c: c.ok and c.probe_id == "TempProbe-0A02", timeout_s=8)
    assert time.monotonic() - met < 5
    assert max(after - before for before, after in itertools.pairwise(list(living.at))) < 2


@pytest.mark.alone
def test_stop_with_hanging_probes(start, black_hole):
    """Stop takes well under 4 s while probes hang."""
    hub = start()
    for number in range(20):
        hub.meet(Sighting(f"dead-{number}", "127.0.0.1", black_hole()))
    time.sleep(0.4)
    before = time.monotonic()
    assert hub.stop()
    assert time.monotonic() - before < 1.5


def test_forget(start, make_probe, results):
    """A forgotten probe is asked no more; one that comes back is checked at once."""
    probe = make_probe()
    hub = start(check_every_s=0.1)
    hub.meet(probe.sighting())
    results.wait(lambda c: c.ok, count=2)
    hub.forget("TempProbe-0A01")

    def left_alone():
        before = probe.gets
        time.sleep(0.4)
        return probe.gets == before

    # A question that was under way comes to its end.
    wait_for(left_alone)
    hub.meet(probe.sighting())
    results.wait(lambda c: c.ok, count=len(results.all) + 1)


def test_too_many_probes(start):
    """A device that makes up names fills no memory: beyond so many probes it is said; when one is forgotten
    there is room again."""
    hub = start()
    assert hub.stop()
    for number in range(schedule.MOST + 1):
        hub.meet(Sighting(f"probe-{number}", "127.0.0.1", 9))
    assert str(schedule.MOST) in hub.state().problem and hub.state().remedy
    hub.forget("probe-0")
    assert not hub.state().problem


def test_provision_now_by_id_address_and_name(start, make_probe, results):
    """The API may name a known probe, an address or a host name; an interval given stays in force."""
    probe = make_probe()
    hub = start(check_every_s=0.2)
    by_address = hub.provision_now("127.0.0.1", probe.port, 5000)
    assert (
        by_address.ok
        and by_address.changed
        and by_address.probe_id == "TempProbe-0A01"
        and by_address.interval_ms == 5000
    )
    results.wait(lambda c: not c.changed and c.interval_ms == 5000)
    assert hub.provision_now("TempProbe-0A01").interval_ms == 5000
    assert hub.provision_now("localhost", probe.port).ok
    hub.meet(probe.sighting(boot="b9"))
    probe.said["boot"] = "b9"
    results.wait(lambda c: c.changed and c.interval_ms == 5000, count=4)


def test_provision_now_errors(start, black_hole):
    """Unknown, unreachable, too far away, nonsense: each has its own words and status."""
    hub = start(talk=Talk(read_s=0.3))
    raises(lambda: hub.provision_now("nobody..here"), "unknown_probe", 404)
    assert (
        "too slowly"
        in raises(lambda: hub.provision_now("127.0.0.1", black_hole()), "probe_unreachable", 502).problem
    )
    raises(lambda: hub.provision_now("8.8.8.8"), "address_not_local", 400)
    raises(lambda: hub.provision_now("127.0.0.1", 80, 3), "bad_interval", 400)
    raises(lambda: hub.provision_now("127.0.0.1", 8088), "probe_unreachable", 502)


def test_intervals_set_earlier(start, make_probe, results):
    """Intervals known from before a restart are in force from the first check."""
    probe = make_probe()
    start(intervals={"TempProbe-0A01": 60000}).meet(probe.sighting())
    assert results.wait(lambda c: c.changed).interval_ms == 60000


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"version": "0.3.0", "outbox": 0}, "http://127.0.0.1:8088"),
        ({"version": "0.1.2", "outbox": 7}, "http://127.0.0.1:8088"),
        ({"version": "0.4.0", "outbox": 0}, "http://127.0.0.1:8088/api/ingest"),
        ({"version": "0.10.0", "outbox": 0}, "http://127.0.0.1:8088/api/ingest"),
        # Somebody else's firmware may have any number.
        ({"version": "0.2"}, "http://127.0.0.1:8088/api/ingest"),
        ({"version": "v1 (beta)", "outbox": 1}, "http://127.0.0.1:8088/api/ingest"),
    ],
)
def test_a_probe_is_told_the_whole_address(start, make_probe, results, said, told):
    """A probe is told the whole address that readings go to; firmware of ours up to 0.3, which adds the path
    by itself, the base."""
    probe = make_probe()
    probe.said |= said
    start().meet(probe.sighting())
    assert results.wait(lambda c: c.changed).provisioned_url == told
    results.wait(lambda c: c.ok and not c.changed)
    assert [post["server_url"] for post in probe.posts] == [told]


def test_an_updated_probe_is_told_the_whole_address(start, make_probe, results):
    """After an update over the air from 0.3 the probe learns the whole address, and the base again should it
    go back."""
    probe = make_probe()
    probe.said |= {"version": "0.3.0", "outbox": 0}
    hub = start()
    hub.meet(probe.sighting())
    results.wait(lambda c: c.changed)
    for version, told in (("0.4.0", "http://127.0.0.1:8088/api/ingest"), ("0.3.0", "http://127.0.0.1:8088")):
        probe.said["version"] = version
        results.wait(
            lambda c, told=told: c.changed and c.provisioned_url == told, count=1 if "ingest" in told else 2
        )
        assert probe.posts[-1]["server_url"] == told


def test_all_known_probes_are_told_at_once(start, make_probe, black_hole, results):
    """Without a name every known probe is told now, and the answer names each: the dead one too, which delays
    nobody."""
    probes = [make_probe(f"TempProbe-0A0{number}") for number in range(1, 4)]
    hub = start(check_every_s=30, talk=Talk(read_s=2.0))
    assert hub.provision_several(None, None) == []
    for probe in probes:
        hub.meet(probe.sighting())
    hub.meet(Sighting("TempProbe-0B01", "127.0.0.1", black_hole()))
    results.wait(lambda c: c.ok, count=3)
    outcomes = {check.probe_id: check for check in hub.provision_several(None, None, 5000)}
    assert {probe_id for probe_id, check in outcomes.items() if check.ok} == {
        "TempProbe-0A01",
        "TempProbe-0A02",
        "TempProbe-0A03",
    }
    assert not outcomes["TempProbe-0B01"].ok and outcomes["TempProbe-0B01"].remedy
    assert [probe.posts[-1]["interval_ms"] for probe in probes] == [5000] * 3
    (alone,) = hub.provision_several(None, probes[1].port)
    assert alone.probe_id == "TempProbe-0A02"
    (named,) = hub.provision_several("TempProbe-0A01", None)
    assert named.ok and named.interval_ms == 5000
    assert len(hub.provision_several("127.0.0.1", None)) == 4
    raises(lambda: hub.provision_several("nobody..here", None), "unknown_probe", 404)
    raises(lambda: hub.provision_several(None, None, 3), "bad_interval", 400)


def test_very_many_probes_all_have_their_turn():
    """Of thousands each is looked at once before any is again, few at a time, and then the more seldom the
    more there are."""
    register, met = schedule.Register({}, 2000, 8.0, most_a_second=1e9), 1500
    for number in range(met):
        register.meet(Sighting(f"probe-{number}", "127.0.0.1", 9))
    turns, under_way, ended = [], [], 0
    while ended < met:
        chosen, _, busy = register.turns()
        under_way += chosen
        assert busy == len(under_way) <= schedule.WORKERS
        known = under_way.pop(0)
        turns.append(known.sighting.probe_id)
        given, name = Given(None, 2000, monotonic_s()), known.sighting.probe_id
        well = ProbeCheck(name, "127.0.0.1", 9, True, "", 2000, "", "", "", "", State.UNCHANGED)
        assert register.ended(known, known.sighting, well, given) and not known.busy
        ended += 1
    assert len(set(turns)) == met
    spread = [register.named(name, 0).due for name in turns]
    assert max(spread) - monotonic_s() > 0.8 * met / schedule.A_SECOND
