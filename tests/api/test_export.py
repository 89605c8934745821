"""`GET /api/export`."""

import io
import json
import socket
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import psutil
import pytest

from support.waiting import PATIENCE_S, cannot, wait_for
from temphub_kernel.api import background
from temphub_kernel.api.handlers import exports
from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.reading import Row

NOW = now_ms() // 60_000 * 60_000


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where half made files go in this test."""
    folder = tmp_path / "scratch of exports"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def fill(hub, count, probes=2):
    """Readings of the last minutes."""
    for first in range(0, count, 1000):
        numbers = range(first, min(first + 1000, count))
        hub.writer.store(
            [
                Row(f"P:{n % probes}", None, None, NOW - (count - n) * 100, NOW, 200_000_000 + n, None)
                for n in numbers
            ]
        )


def jobs():
    """The export processes of this one."""
    found = []
    for child in psutil.Process().children():
        try:
            found += [child] if "temphub_kernel.exports.job_process" in " ".join(child.cmdline()) else []
        except psutil.Error:
            continue
    return found


def test_a_csv_is_downloaded_whole(hub, scratch):
    """The CSV comes with a name for the file, has every reading once, and nothing of its making is left."""
    fill(hub, 2500)
    status, headers, text = hub.whole("GET", "/api/export?format=csv")
    lines = text.decode().splitlines()
    assert (
        status == 200
        and lines[0] == "timestamp,local_time,probe_id,temperature_c,quality,name"
        and len(set(lines)) == 2501
    )
    assert headers["Content-Disposition"].startswith('attachment; filename="temphub-20') and headers[
        "Content-Type"
    ].startswith("text/csv")
    wait_for(lambda: not list(scratch.iterdir()))


def test_parquet_and_workbook_are_downloaded_whole(hub, scratch):
    """The other forms come whole, with their own type, and nothing of their making is left."""
    fill(hub, 1200)
    status, headers, body = hub.whole("GET", "/api/export?format=parquet&probe_id=P:1&every=1min")
    frame = pl.read_parquet(io.BytesIO(body))
    assert (
        status == 200
        and frame["count"].sum() == 600
        and set(frame["probe_id"]) == {"P:1"}
        and "parquet" in headers["Content-Type"]
    )
    assert 'filename="temphub-P_1-20' in headers["Content-Disposition"]
    status, _, body = hub.whole("GET", "/api/export")
    assert status == 200 and body[:2] == b"PK"
    wait_for(lambda: not list(scratch.iterdir()))


@pytest.mark.parametrize(
    ("query", "code", "status"),
    [
        ("format=pdf", "bad_format", 400),
        ("from=yesterday", "bad_from", 400),
        ("from=2026-02-02&to=2026-02-01", "bad_from", 400),
        ("to=-5", "bad_to", 400),
        ("probe_id==cmd", "bad_probe_id", 400),
        ("probe_id=nobody", "unknown_probe", 404),
        ("every=1fortnight", "bad_every", 400),
        ("tz=Europe/Atlantis", "bad_tz", 400),
        ("tz=../../etc/passwd", "bad_tz", 400),
        ("sheets=all", "bad_sheets", 400),
        ("excel=xx", "bad_excel", 400),
    ],
)
def test_wrong_orders_are_refused_in_words(hub, query, code, status):
    """What cannot be exported is said with the way out, before anything is sent."""
    fill(hub, 3)
    found, _, body = hub.whole("GET", f"/api/export?{query}")
    answer = json.loads(body)
    assert (found, answer["error"]) == (status, code) and answer["problem"] and answer["remedy"]


@pytest.mark.parametrize("query", ["", "&from=2001-01-01&probe_id=P:0", "&to=2096-01-01&every=1s"])
def test_too_many_rows_for_a_workbook(hub, monkeypatch, query):
    """A workbook beyond what Excel opens is refused with what to do instead, also where the rows are only
    counted on the way."""
    monkeypatch.setattr(exports, "MOST_XLSX_ROWS", 50)
    fill(hub, 600)
    status, _, body = hub.whole("GET", f"/api/export?format=xlsx{query}")
    assert (
        status == 413
        and json.loads(body)["error"] == "too_many_rows"
        and "every=5min" in json.loads(body)["remedy"]
    )


def slow_reader(hub, path, address="127.0.0.1"):
    """A client that asks and then reads no further."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    if address != "127.0.0.1":
        try:
            client.bind((address, 0))
        except OSError:
            cannot(f"this system has no {address} on its loopback interface")
    client.connect(("127.0.0.1", hub.port))
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: hub\r\n\r\n".encode())
    return client


@pytest.mark.alone
def test_a_client_that_leaves_ends_its_export(hub, scratch):
    """When the client goes away the process and its files go, readings are taken all the while, and others
    are served."""
    fill(hub, 60_000)
    clients = [slow_reader(hub, "/api/export?format=csv", f"127.0.0.{n}") for n in (2, 3)]
    wait_for(lambda: len(jobs()) == 2)
    status, _, body = hub.whole("GET", "/api/export?format=csv")
    assert status == 503 and json.loads(body)["error"] == "busy"
    started = time.monotonic()
    assert hub.ask("POST", "/api/ingest", {"temperature_c": 4.5, "probe_id": "fridge"})[0] == 200
    assert time.monotonic() - started < 2
    for client in clients:
        client.close()
    wait_for(lambda: not jobs() and not list(scratch.iterdir()))
    assert wait_for(lambda: hub.whole("GET", "/api/export?format=csv&probe_id=fridge")[0] == 200)


def test_readers_that_take_nothing_give_their_places_back(hub, scratch, monkeypatch):
    """Two readers that take nothing are let go after a minute, their processes and files go, and the next
    export is made. One that reads slowly but reads keeps its place."""
    assert exports.STALLED_S == 60
    monkeypatch.setattr(exports, "STALLED_S", 3)
    fill(hub, 60_000)
    clients = [slow_reader(hub, "/api/export?format=csv", f"127.0.0.{n}") for n in (2, 3)]
    wait_for(lambda: len(jobs()) == 2)
    assert hub.whole("GET", "/api/export?format=csv")[0] == 503
    wait_for(lambda: not jobs() and not list(scratch.iterdir()), 40)
    for client in clients:
        client.close()
    taken, began = b"", time.monotonic()
    with slow_reader(hub, "/api/export?format=csv") as slow:
        slow.settimeout(40)
        while not taken.endswith(b"0\r\n\r\n"):
            taken += slow.recv(1 << 15)
            # Longer in all than a stall may last, each piece of 256 KB much shorter.
            time.sleep(max(0.0, began + 5 * len(taken) / 5e6 - time.monotonic()))
    assert time.monotonic() - began > exports.STALLED_S and taken.count(b"\n") > 60_000


def test_one_export_at_a_time_for_an_address(hub):
    """Who has an export under way is told to wait for it, so one address never takes both places; the next
    one after it is made."""
    fill(hub, 60_000)
    with slow_reader(hub, "/api/export?format=csv"):
        wait_for(lambda: len(jobs()) == 1)
        status, headers, body = hub.whole("GET", "/api/export?format=csv")
        assert (
            status == 503
            and json.loads(body)["error"] == "busy"
            and "127.0.0.1" in json.loads(body)["problem"]
        )
        assert headers["Retry-After"]
        with slow_reader(hub, "/api/export?format=csv&probe_id=P:1&every=1min", "127.0.0.2") as other:
            other.settimeout(40)
            assert other.recv(12) == b"HTTP/1.1 200"
    wait_for(lambda: hub.whole("GET", "/api/export?format=csv&every=1min")[0] == 200, 40)
    assert [hub.whole("GET", "/api/export?format=csv&every=1min")[0] for _ in range(3)] == [200] * 3


def test_what_takes_much_memory_has_its_turn(hub):
    """A Parquet file and an examination that are asked for together are made one after the other, and both
    come."""
    fill(hub, 20_000)
    together: list[bool] = []
    with ThreadPoolExecutor(2) as pool:
        asked = [
            pool.submit(hub.whole, "GET", path) for path in ("/api/export?format=parquet", "/api/doctor")
        ]
        while not all(one.done() for one in asked):
            lines = [" ".join(line) for line in map(line_of, psutil.Process().children())]
            together.append(
                any("exports.job_process" in line for line in lines)
                and any("doctor" in line for line in lines)
            )
            time.sleep(0.02)
        assert [one.result()[0] for one in asked] == [200, 200] and not any(together)


def test_whose_turn_does_not_come_is_told_that_the_hub_is_busy(hub, monkeypatch):
    """Whoever waited too long for others' exports and examinations hears so, with the way out."""
    monkeypatch.setattr(background, "PARTS", 0)
    monkeypatch.setattr(background, "TURN_S", 0.2)
    fill(hub, 10)
    for path in ("/api/export", "/api/doctor"):
        status, headers, body = hub.whole("GET", path)
        told = json.loads(body)
        assert (
            (status, told["error"]) == (503, "busy")
            and "exports" in told["problem"]
            and told["remedy"]
            and headers["Retry-After"]
        )


def test_who_leaves_while_waiting_gives_the_place_back(hub, monkeypatch):
    """A download that is cancelled before its turn came does not keep the same address from the next one."""
    monkeypatch.setattr(background, "PARTS", 0)
    fill(hub, 10)
    with slow_reader(hub, "/api/export"):
        wait_for(lambda: b"your address" in hub.whole("GET", "/api/export?format=csv")[2])
    monkeypatch.setattr(background, "PARTS", 4)
    wait_for(lambda: hub.whole("GET", "/api/export?format=csv")[0] == 200, 10)


def line_of(process):
    """Its command line."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_a_stopped_hub_leaves_nothing(make_hub, scratch):
    """A hub that stops while a workbook is being made ends that process and removes its files."""
    hub = make_hub()
    fill(hub, 60_000)
    client = slow_reader(hub, "/api/export?format=xlsx")
    wait_for(lambda: len(jobs()) == 1)
    hub.endpoint.stop()
    client.close()
    wait_for(lambda: not jobs() and not list(scratch.iterdir()))


def test_a_process_that_dies_midway_breaks_the_reply_off(hub):
    """Half a CSV never looks like a whole one: the reply ends without its end."""
    fill(hub, 60_000)
    client = slow_reader(hub, "/api/export?format=csv")
    wait_for(lambda: len(jobs()) == 1)
    head = client.recv(100)
    assert head.startswith(b"HTTP/1.1 200")
    for job in jobs():
        job.kill()
    whole = head
    client.settimeout(PATIENCE_S)
    try:
        while block := client.recv(1 << 16):
            whole += block
    except ConnectionError:
        pass
    client.close()
    assert not whole.endswith(b"0\r\n\r\n")


def test_the_process_ends_with_whoever_started_it(hub, scratch):
    """A hub that is killed leaves no export process and no half file behind."""
    from temphub_kernel.exports import Job, make_order

    fill(hub, 60_000)
    job = Job(hub.journal, make_order(form="xlsx"))
    job.start()
    wait_for(
        lambda: (
            any(scratch.rglob("*.xlsx"))
            or any(len(list(folder.iterdir())) > 1 for folder in scratch.iterdir())
        )
    )
    process = job._process
    assert process is not None and process.stdin is not None
    # What the system does for a process that is gone.
    process.stdin.close()
    wait_for(lambda: process.poll() == 3)
    assert not list(scratch.iterdir())
    job.close()
