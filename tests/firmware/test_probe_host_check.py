"""probe/host_check.py: a web page that has its own name resolve to the probe's address"""

import json

from probe.endpoints import Endpoints
from probe_harness import Folder, Probe, Visitor, run

OWN = [
    "192.168.1.20",
    "192.168.1.20:8081",
    "127.0.0.1:80",
    "[fe80::1]:80",
    "[::ffff:192.168.1.20]",
    "probe",
    "localhost:8080",
]
OWN += [
    "TempProbe-0A01.local",
    "tempprobe-0a01.LOCAL.:80",
    "probe.lan",
    "probe.fritz.box:80",
    "probe.home.arpa",
    "",
]
FOREIGN = [
    "evil.example",
    "evil.example:80",
    "192.168.1.20.evil.example",
    "local.evil.example",
    "xlocal.example",
    "evil.example.",
]


def _ask(host, path, body=None):
    """(status, body, where the probe delivers now) of one request; a dict is posted."""

    async def go(folder):
        probe = Probe(folder)
        visitor = await Visitor(Endpoints(probe.state, lambda: None).routes()).start()
        raw = json.dumps(body) if body else ""
        lines = [("POST " if body else "GET ") + path + " HTTP/1.1", f"Content-Length: {len(raw)}"]
        if host:
            # The page and the request name the same place, so the origin alone tells nothing.
            lines += ["Host: " + host, "Origin: http://" + host]
        try:
            status, text = await visitor.raw(("\r\n".join(lines) + "\r\n\r\n" + raw).encode())
        finally:
            visitor.stop()
        return status, text, probe.state.settings.server_url

    with Folder() as folder:
        return run(go(folder))


def test_a_page_with_a_name_of_its_own_neither_sets_up_nor_reads_a_probe():
    """403 with the way out, for orders, for what it tells, and for its page; nothing changes."""
    for host in FOREIGN:
        status, text, url = _ask(host, "/provision", {"server_url": "http://10.0.0.66"})
        assert status == 403 and url == "", host
        told = json.loads(text)
        assert told["error"] == "foreign_host" and told["problem"] and told["remedy"]
    for path in ("/", "/status", "/whoami"):
        assert _ask("evil.example", path)[0] == 403, path


def test_whoever_asks_by_the_probes_own_name_is_served():
    """By address, by a name in the house, or without any: as before."""
    for host in OWN:
        status, _, url = _ask(host, "/provision", {"server_url": "http://10.0.0.66"})
        assert status == 200 and url == "http://10.0.0.66", host
        assert _ask(host, "/status")[0] == 200, host
