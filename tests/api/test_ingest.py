"""What an acknowledgement means."""

import http.client
import json
import socket
import sqlite3
import threading

from support.waiting import PATIENCE_S, wait_for
from temphub_kernel.core.clock import now_ms
from temphub_kernel.journal import Reader


def rows(hub):
    with Reader(hub.journal) as reader:
        return reader.after(0, 100_000)


def test_an_acknowledged_reading_is_in_the_journal(hub):
    """When the reply comes, another process already sees the reading on disk."""
    assert hub.ask("POST", "/api/ingest", {"temperature_c": 23.8125, "probe_id": "TempProbe-0096"}) == (
        200,
        {"ok": True},
    )
    (point,) = rows(hub)
    assert (point.probe_id, point.units, point.quality) == ("TempProbe-0096", 238_125_000, None)
    assert abs(point.taken_ms - now_ms()) < 5_000


def test_a_reading_can_be_sent_by_get(hub):
    """A tool that can only GET stores a reading too; without a name it is `adhoc`."""
    assert hub.ask("GET", "/api/ingest?temperature_c=22.3") == (200, {"ok": True})
    assert [(p.probe_id, p.units) for p in rows(hub)] == [("adhoc", 223_000_000)]


def test_a_batch_is_dated_by_its_ages(hub):
    """A probe without a clock dates its readings by their age; the hub stamps the time."""
    before = now_ms()
    readings = [
        {"seq": 1, "age_ms": 60_000, "temperature_c": 1.0},
        {"seq": 2, "age_ms": 0, "temperature_c": 2.0},
    ]
    status, answer = hub.ask("POST", "/api/ingest", {"probe_id": "p", "boot": "b1", "readings": readings})
    assert (status, answer["stored"], answer["duplicates"]) == (200, 2, 0)
    first, second = rows(hub)
    assert second.taken_ms - first.taken_ms == 60_000
    assert before <= second.taken_ms <= now_ms()


def test_a_repeated_batch_is_stored_once(hub):
    """A probe that missed our reply may send again without making duplicates."""
    batch = {
        "probe_id": "p",
        "boot": "b1",
        "readings": [{"seq": n, "age_ms": 0, "temperature_c": 1.0} for n in range(10)],
    }
    hub.ask("POST", "/api/ingest", batch)
    status, answer = hub.ask(
        "POST",
        "/api/ingest",
        {**batch, "readings": [*batch["readings"], {"seq": 10, "age_ms": 0, "temperature_c": 1.0}]},
    )
    assert (status, answer["stored"], answer["duplicates"]) == (200, 1, 10)
    assert [point.seq for point in rows(hub)] == list(range(11))


def test_a_reboot_starts_a_new_count(hub):
    """The same sequence number after a reboot is another reading."""
    for boot in ("b1", "b2"):
        hub.ask(
            "POST",
            "/api/ingest",
            {"probe_id": "p", "boot": boot, "readings": [{"seq": 0, "age_ms": 0, "temperature_c": 1.0}]},
        )
    assert [(point.boot, point.seq) for point in rows(hub)] == [("b1", 0), ("b2", 0)]


def test_a_bad_sensor_value_is_kept_as_such(hub):
    """A fault is recorded with its kind and never becomes a number."""
    hub.ask("POST", "/api/ingest", {"temperature_c": None, "quality": "short_gnd", "probe_id": "p"})
    assert [(point.units, point.quality) for point in rows(hub)] == [(None, "short_gnd")]


def test_extra_fields_do_no_harm(hub):
    """A newer probe may say more than this hub knows."""
    assert hub.ask("POST", "/api/ingest", {"temperature_c": 20, "probe_id": "p", "humidity": 40})[0] == 200


def test_eight_clients_at_once_are_all_stored(hub):
    """Readings that wait together share a commit, and each is stored once."""

    def client(name):
        connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=PATIENCE_S)
        for n in range(50):
            connection.request("POST", "/api/ingest", json.dumps({"temperature_c": n, "probe_id": name}))
            reply = connection.getresponse()
            assert (reply.status, reply.read()) == (200, b'{"ok":true}')
        connection.close()

    threads = [threading.Thread(target=client, args=(f"p{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    found = rows(hub)
    assert len(found) == 400
    for n in range(8):
        assert [p.units for p in found if p.probe_id == f"p{n}"] == [k * 10_000_000 for k in range(50)]


def test_a_client_that_leaves_before_the_reply_loses_nothing(hub):
    """A reading that arrived whole is stored though nobody waits for the reply."""
    body = b'{"temperature_c": 5, "probe_id": "gone"}'
    with socket.create_connection(("127.0.0.1", hub.port)) as client:
        client.sendall(
            b"POST /api/ingest HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        )
    wait_for(lambda: [p.probe_id for p in rows(hub)] == ["gone"])
    assert hub.ask("GET", "/api/health")[0] == 200


def test_requests_one_after_the_other_on_one_connection(hub):
    """Keep-alive and even pipelined requests are answered in order."""
    body = b'{"temperature_c": 5}'
    request = b"POST /api/ingest HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    with socket.create_connection(("127.0.0.1", hub.port), timeout=PATIENCE_S) as client:
        client.sendall(request * 5)
        seen = b""
        while seen.count(b'{"ok":true}') < 5:
            part = client.recv(65536)
            assert part
            seen += part
    assert len(rows(hub)) == 5


def test_a_full_disk_is_told_to_the_probe_and_passes(hub):
    """When the journal cannot grow the probe is told 507 and keeps its readings; storing goes on by itself
    after."""
    hub.ask("POST", "/api/ingest", {"temperature_c": 1})
    # SQLite's own page limit stands in for a full disk: it fails in the same call with the same code.
    limit = hub.writer.change(lambda db: db.execute("PRAGMA max_page_count=1").fetchone()[0]).result(
        PATIENCE_S
    )
    big = {
        "probe_id": "p",
        "boot": "b",
        "readings": [{"seq": n, "age_ms": 0, "temperature_c": 1.0} for n in range(1000)],
    }
    answers = [hub.ask("POST", "/api/ingest", {**big, "boot": f"b{n}"}) for n in range(20)]
    refused = [answer for status, answer in answers if status == 507]
    assert refused and refused[0]["error"] == "disk_full" and limit
    assert hub.ask("POST", "/api/ingest", {"temperature_c": 2})[0] == 200
    assert sum(a["stored"] for s, a in answers if s == 200) + 2 == len(rows(hub))


def test_the_journal_locked_by_another_program_delays_but_loses_nothing(hub):
    """Another program's short lock on the journal only makes the reply come later."""
    other = sqlite3.connect(hub.journal, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answers = []
    client = threading.Thread(
        target=lambda: answers.append(hub.ask("POST", "/api/ingest", {"temperature_c": 1}))
    )
    client.start()
    client.join(0.3)
    assert not answers
    other.execute("ROLLBACK")
    other.close()
    client.join(PATIENCE_S)
    assert answers == [(200, {"ok": True})]


def test_a_client_that_sends_nothing_more_is_let_go(make_hub):
    """A connection that stays silent, and a body that never comes whole, are closed; others are served
    meanwhile."""
    hub = make_hub(idle_s=1.5, body_s=1.5)
    silent = socket.create_connection(("127.0.0.1", hub.port), timeout=PATIENCE_S)
    half = socket.create_connection(("127.0.0.1", hub.port), timeout=PATIENCE_S)
    half.sendall(b"POST /api/ingest HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    assert hub.ask("POST", "/api/ingest", {"temperature_c": 1}) == (200, {"ok": True})
    for client in (silent, half):
        assert client.recv(1000) == b""
        client.close()
    assert len(rows(hub)) == 1
