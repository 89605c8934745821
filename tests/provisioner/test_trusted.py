"""What probes are shown that know no keys: the token only after somebody vouched for them."""

from temphub_kernel.provisioner import Provisioner
from temphub_kernel.trust import Trust


def test_a_stranger_is_not_sent_the_token(start, make_probe, results, trust):
    """A device that proves nothing gets address and interval only; one that wants a token is named, and gets it once it is trusted."""
    open_one, shut = make_probe("TempProbe-0A01"), make_probe("TempProbe-0A02")
    shut.holds = "secret"
    hub = start({"SERVER_TOKEN": "secret"})
    hub.meet(open_one.sighting())
    hub.meet(shut.sighting())
    assert results.wait(lambda c: c.probe_id == "TempProbe-0A01").ok
    assert open_one.posts == [{"server_url": "http://127.0.0.1:8088", "interval_ms": 2000}]
    bad = results.wait(lambda c: c.probe_id == "TempProbe-0A02")
    assert not bad.ok and "wants a token" in bad.problem and "temphub trust TempProbe-0A02" in bad.remedy
    assert b"secret" not in open_one.heard + shut.heard
    assert trust.standings() == {"TempProbe-0A01": "plain", "TempProbe-0A02": "plain"}
    trust.trust("TempProbe-0A02")
    hub.wake("TempProbe-0A02")
    results.wait(lambda c: c.ok and c.probe_id == "TempProbe-0A02")
    assert shut.posts[-1]["token"] == "secret" and trust.standings()["TempProbe-0A02"] == "trusted"


def test_approval_comes_first(start, make_probe, results, make_settings, tmp_path):
    """With PROBE_TRUST=approve a new probe is told nothing until somebody says yes, and nothing again once it was released."""
    trust = Trust(tmp_path, approve=True)
    probe = make_probe()
    hub = Provisioner(make_settings(), trust, results.add, check_every_s=0.3)
    hub.start()
    try:
        hub.meet(probe.sighting())
        told = results.wait(lambda c: not c.ok)
        assert "PROBE_TRUST=approve" in told.problem and "temphub trust TempProbe-0A01" in told.remedy and not probe.posts
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
