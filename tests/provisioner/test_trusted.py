"""What probes are shown that know no keys: a token of their own, the shared one only after somebody vouched
for them."""

from temphub_kernel.provisioner import Provisioner
from temphub_kernel.trust import Trust, signatures


def test_a_stranger_is_sent_a_token_of_its_own(start, make_probe, results, trust):
    """A device that proves nothing is told a token good for its own name, without a click; the shared one is
    sent to none that nobody vouched for. One that takes orders with the shared token only is named, and obeys
    once somebody said yes."""
    open_one, shut = make_probe("TempProbe-0A01"), make_probe("TempProbe-0A02")
    shut.holds = "secret"
    hub = start({"SERVER_TOKEN": "secret"})
    hub.meet(open_one.sighting())
    hub.meet(shut.sighting())
    assert results.wait(lambda c: c.probe_id == "TempProbe-0A01").ok
    own = {probe: signatures.probe_token("secret", probe) for probe in ("TempProbe-0A01", "TempProbe-0A02")}
    told = {
        "server_url": "http://127.0.0.1:8088/api/ingest",
        "interval_ms": 2000,
        "token": own["TempProbe-0A01"],
    }
    assert open_one.posts == [told] and len(set(own.values())) == 2
    bad = results.wait(lambda c: c.probe_id == "TempProbe-0A02")
    assert not bad.ok and "wants a token" in bad.problem and "temphub trust TempProbe-0A02" in bad.remedy
    assert b"secret" not in open_one.heard + shut.heard
    assert trust.standings() == {"TempProbe-0A01": "plain", "TempProbe-0A02": "plain"}
    trust.trust("TempProbe-0A02")
    hub.wake("TempProbe-0A02")
    results.wait(lambda c: c.ok and c.probe_id == "TempProbe-0A02")
    assert (
        shut.posts[-1]["token"] == own["TempProbe-0A02"] and trust.standings()["TempProbe-0A02"] == "trusted"
    )


def test_a_probe_that_was_given_the_shared_token_by_hand_goes_on(start, make_probe, results):
    """It takes no order without that token, and needs none: it delivers here at the right interval, and
    nobody complains of it."""
    probe = make_probe()
    probe.holds = "secret"
    probe.said |= {"server_url": "http://127.0.0.1:8088/api/ingest", "interval_ms": 2000, "token_set": True}
    start({"SERVER_TOKEN": "secret"}).meet(probe.sighting())
    results.wait(lambda c: c.ok, count=3)
    assert (
        not [check for check in results.all if not check.ok]
        and b"secret" not in probe.heard
        and not probe.posts
    )


def test_approval_comes_first(start, make_probe, results, make_settings, tmp_path):
    """With PROBE_TRUST=approve a new probe is told nothing until somebody says yes, and nothing again once it
    was released."""
    trust = Trust(tmp_path, approve=True)
    probe = make_probe()
    hub = Provisioner(make_settings(), trust, results.add, check_every_s=0.3)
    hub.start()
    try:
        hub.meet(probe.sighting())
        told = results.wait(lambda c: not c.ok)
        assert (
            "PROBE_TRUST=approve" in told.problem
            and "temphub trust TempProbe-0A01" in told.remedy
            and not probe.posts
        )
        trust.trust("TempProbe-0A01")
        hub.wake()
        results.wait(lambda c: c.ok)
        assert len(probe.posts) == 1
        hub.release_now("TempProbe-0A01")
        hub.wake()
        assert "released" in results.wait(lambda c: not c.ok and "released" in c.problem).problem
        assert len(probe.posts) == 1
    finally:
        assert hub.stop()
