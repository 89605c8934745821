"""Adverts whose texts are made to mislead whoever reads them, and adverts by the thousand."""

import json
from contextlib import closing

import pytest
from zeroconf import ServiceInfo

from discovery.conftest import PROBE_TYPE
from support.endpoint import Hub
from support.waiting import wait_for
from temphub_kernel.core.reading import Sighting
from temphub_kernel.discovery.adverts import LONGEST_TEXT
from temphub_kernel.hub.commands.probes import Fleet
from temphub_kernel.journal import ProbeBook, Reader
from temphub_kernel.journal.records import probes
from temphub_kernel.journal.schema import open_for_reading


def pack(*strings: bytes) -> bytes:
    return b"".join(bytes([len(string)]) + string for string in strings)


# What each says beside its id, and the name that it is shown with.
TEXTS = {
    "Escape-1": (
        pack(b"name=\x1b[2J\x1b[31mred", b"version=\x1b]0;x\x07", b"model=a\nb\r\nc", b"boot=\x00\x01"),
        "[2J[31mred",
    ),
    "Bidi-1": (pack("name=a\u202egnp.exe\u2066\u200b".encode(), "version=\u202e1".encode()), "agnp.exe"),
    "Binary-1": (
        pack(b"name=x" + b"\xff\xfe" * 120, b"model=" + bytes(range(128, 250))),
        "x" + "\ufffd" * 63,
    ),
    "Long-1": (pack(b"name=" + b"x" * 250, b"version=" + b"9" * 240), "x" * LONGEST_TEXT),
    "Many-1": (pack(*(b"k%d=v" % number for number in range(900))), "Many-1"),
    "Blank-1": (pack(b"=x", b"", b"name", b"version="), "Blank-1"),
    "Twice-1": (pack(b"id=Twice-2", b"name=one", b"name=two"), "one"),
    "Html-1": (
        pack(b"name=<img src=x onerror=alert(1)>", b"version=<b>1</b>", b"model='\"&"),
        "<img src=x onerror=alert(1)>",
    ),
    "Cut-1": (pack(b"model=m") + b"\x20name=short", "short"),
}


@pytest.mark.timeout(300)
def test_hostile_texts_are_shown_as_text_and_bounded(start_here, air, shout, caplog, capsys):
    """Control characters, direction signs, binary, long texts, hundreds of keys, keys without value, twice or
    cut short: each probe is found under its id, and what it says is short and printable in the API, at the
    command line and in the log, a line each."""
    hub = start_here()
    wait_for(lambda: hub.discovery.seen()["interfaces"], 30)
    for name, (text, _) in TEXTS.items():
        place = {"port": 9, "server": f"{name}.local.", "parsed_addresses": ["127.0.0.1"], "host_ttl": 120}
        shout(
            air,
            ServiceInfo(
                PROBE_TYPE, f"{name}.{PROBE_TYPE}", properties=pack(f"id={name}".encode()) + text, **place
            ),
        )

    def known():
        with Reader(hub.journal) as reader:
            found = {probe["id"]: probe for probe in reader.probes()}
        return found if all(found.get(name, {}).get("problem") for name in TEXTS) else None

    for probe_id, probe in wait_for(known, 90).items():
        assert probe["name"] == TEXTS[probe_id][1]
        assert all(
            probe[part].isprintable() and len(probe[part]) <= LONGEST_TEXT
            for part in ("name", "host", "version", "model", "boot")
        )
    lines: list[str] = []
    Fleet(hub.settings, lines.append).show(everybody=True)
    table = [line for line in lines if not line.startswith("\n")]
    assert len(table) == len(TEXTS) + 1 and all(line.isprintable() for line in table)
    assert all(record.getMessage().isprintable() for record in caplog.records)
    json.dumps(hub.discovery.seen())


def test_adverts_by_the_thousand_fill_no_journal(tmp_path, monkeypatch):
    """Of names that were only ever announced a bounded number is kept; one that answers or delivers is kept
    whatever else there is."""
    monkeypatch.setattr(probes, "MOST_ADVERTS", 50)
    hub = Hub(tmp_path)
    try:
        book = ProbeBook(hub.writer)
        for number in range(200):
            book.met(Sighting(f"Made-up-{number}", "127.0.0.1", 9))
            book.checked(
                f"Made-up-{number}", ok=False, server_url="", interval_ms=0, problem="No.", remedy="Look."
            )
        hub.writer.change(lambda db: None).result(30)
        book.met(Sighting("Real", "127.0.0.1", 80))
        book.checked(
            "Real", ok=True, server_url="http://x/api/ingest", interval_ms=2000, problem="", remedy=""
        )
        book.met(Sighting("Polite", "127.0.0.1", 80, via="hello"))
        assert hub.ask("POST", "/api/ingest", {"temperature_c": 20, "probe_id": "Plain"})[0] == 200
        book.met(Sighting("Plain", "127.0.0.1", 80))
        hub.writer.change(lambda db: None).result(30)
        with closing(open_for_reading(hub.journal)) as db:
            ports = dict(db.execute("SELECT id, port FROM probes"))
        assert ports == {
            **{f"Made-up-{number}": 9 for number in range(50)},
            "Real": 80,
            "Polite": 80,
            "Plain": 80,
        }
    finally:
        hub.stop()
