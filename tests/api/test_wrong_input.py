"""Wrong input, kind by kind: each gets its own 4xx with a problem and a remedy, and nothing of it is
stored."""

import http.client
import json
import math
import socket
from typing import Any

import jsonschema
import pytest

from support.waiting import PATIENCE_S
from temphub_kernel.api.contract import contract
from temphub_kernel.journal import Reader

NaN, INF = math.nan, math.inf


def batch(*readings: Any, **other: Any) -> dict[str, Any]:
    return {"probe_id": "TempProbe-0096", "boot": "a1b2c3d4", "readings": list(readings), **other}


def one(**fields: Any) -> dict[str, Any]:
    return {"seq": 1, "age_ms": 0, "temperature_c": 20.0, **fields}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in one().items() if key != name}


INGEST = "/api/ingest"
POSTS: list[tuple[str, Any, int, str]] = [
    (INGEST, b"", 400, "bad_json"),
    (INGEST, b"temperature_c=23.8", 400, "bad_json"),
    (INGEST, b"{", 400, "bad_json"),
    (INGEST, b"[]", 400, "bad_json"),
    (INGEST, b"23.8", 400, "bad_json"),
    (INGEST, b"null", 400, "bad_json"),
    (INGEST, b'"text"', 400, "bad_json"),
    (INGEST, b'{"temperature_c": NaN}', 400, "bad_json"),
    (INGEST, b'{"temperature_c": Infinity}', 400, "bad_json"),
    (INGEST, b'{"temperature_c": -Infinity}', 400, "bad_json"),
    (INGEST, b'\xff\xfe{"temperature_c": 1}', 400, "bad_json"),
    (INGEST, b'{"temperature_c": 1, "probe_id": "\xe9"}', 400, "bad_json"),
    (INGEST, b"[" * 50_000, 400, "bad_json"),
    (INGEST, b'{"a":' * 50_000, 400, "bad_json"),
    (INGEST, b'{"temperature_c": 1' + b"0" * 5000 + b"}", 400, "bad_json"),
    (INGEST, {}, 400, "bad_temperature"),
    (INGEST, {"temperature": 23.8}, 400, "bad_temperature"),
    (INGEST, {"temperature_c": "23.8"}, 400, "bad_temperature"),
    (INGEST, {"temperature_c": "warm"}, 400, "bad_temperature"),
    (INGEST, {"temperature_c": True}, 400, "bad_temperature"),
    (INGEST, {"temperature_c": []}, 400, "bad_temperature"),
    (INGEST, {"temperature_c": {}}, 400, "bad_temperature"),
    (INGEST, {"temperature_c": None}, 400, "bad_quality"),
    (INGEST, {"temperature_c": None, "quality": "broken"}, 400, "bad_quality"),
    (INGEST, {"temperature_c": 20, "quality": 7}, 400, "bad_quality"),
    (INGEST, {"temperature_c": 20, "quality": ["crc"]}, 400, "bad_quality"),
    (INGEST, {"temperature_c": 20, "probe_id": ""}, 400, "bad_probe_id"),
    (INGEST, {"temperature_c": 20, "probe_id": "-a"}, 400, "bad_probe_id"),
    (INGEST, {"temperature_c": 20, "probe_id": "a" * 65}, 400, "bad_probe_id"),
    (INGEST, {"temperature_c": 20, "probe_id": "a b"}, 400, "bad_probe_id"),
    (INGEST, {"temperature_c": 20, "probe_id": "=1+1"}, 400, "bad_probe_id"),
    (INGEST, {"temperature_c": 20, "probe_id": "a\n"}, 400, "bad_probe_id"),
    (INGEST, {"temperature_c": 20, "probe_id": "Küche"}, 400, "bad_probe_id"),
    (INGEST, {"temperature_c": 20, "probe_id": "<script>"}, 400, "bad_probe_id"),
    (INGEST, {"temperature_c": 20, "probe_id": 7}, 400, "bad_probe_id"),
    (INGEST, {"temperature_c": 20, "probe_id": None}, 400, "bad_probe_id"),
    (INGEST, {"temperature_c": 20, "age_ms": -1}, 400, "bad_age_ms"),
    (INGEST, {"temperature_c": 20, "age_ms": 1.5}, 400, "bad_age_ms"),
    (INGEST, {"temperature_c": 20, "age_ms": 10**18}, 400, "bad_age_ms"),
    (INGEST, batch(), 400, "bad_readings"),
    (INGEST, {"probe_id": "a", "boot": "b", "readings": {}}, 400, "bad_readings"),
    (INGEST, {"probe_id": "a", "boot": "b", "readings": None}, 400, "bad_readings"),
    (INGEST, {"probe_id": "a", "boot": "b", "readings": "many"}, 400, "bad_readings"),
    (INGEST, batch(20.0), 400, "bad_readings"),
    (INGEST, batch(one(), None), 400, "bad_readings"),
    (INGEST, batch(*[one(seq=n) for n in range(1001)]), 413, "batch_too_large"),
    (INGEST, {"probe_id": "a", "readings": [one()]}, 400, "bad_boot"),
    (INGEST, batch(one(), boot=""), 400, "bad_boot"),
    (INGEST, batch(one(), boot=7), 400, "bad_boot"),
    (INGEST, batch(one(), boot="b" * 33), 400, "bad_boot"),
    (INGEST, batch(one(), boot="a b"), 400, "bad_boot"),
    (INGEST, batch(one(), probe_id="a b"), 400, "bad_probe_id"),
    (INGEST, batch(without("seq")), 400, "bad_seq"),
    (INGEST, batch(one(seq=-1)), 400, "bad_seq"),
    (INGEST, batch(one(seq=1.5)), 400, "bad_seq"),
    (INGEST, batch(one(seq="1")), 400, "bad_seq"),
    (INGEST, batch(one(seq=True)), 400, "bad_seq"),
    (INGEST, batch(one(seq=2**60)), 400, "bad_seq"),
    (INGEST, batch(without("age_ms")), 400, "bad_age_ms"),
    (INGEST, batch(one(age_ms=None)), 400, "bad_age_ms"),
    (INGEST, batch(one(age_ms=-5)), 400, "bad_age_ms"),
    (INGEST, batch(without("temperature_c")), 400, "bad_temperature"),
    (INGEST, batch(one(temperature_c="20")), 400, "bad_temperature"),
    (INGEST, batch(without("age_ms") | {"timestamp": None}), 400, "bad_age_ms"),
    (INGEST, batch(one(temperature_c=None)), 400, "bad_quality"),
    (INGEST, batch(one(quality="OPEN")), 400, "bad_quality"),
    (INGEST, batch(one(), sent_ms=-1), 400, "bad_sent_ms"),
    (INGEST, batch(one(), sent_ms="now"), 400, "bad_sent_ms"),
    ("/api/hello", b"hello", 400, "bad_json"),
    ("/api/hello", {}, 400, "bad_id"),
    ("/api/hello", {"id": "a b", "port": 80}, 400, "bad_id"),
    ("/api/hello", {"id": "a"}, 400, "bad_port"),
    ("/api/hello", {"id": "a", "port": 0}, 400, "bad_port"),
    ("/api/hello", {"id": "a", "port": 65536}, 400, "bad_port"),
    ("/api/hello", {"id": "a", "port": "80"}, 400, "bad_port"),
    ("/api/hello", {"id": "a", "port": True}, 400, "bad_port"),
    ("/api/hello", {"id": "a", "port": 80, "ip": "300.1.1.1"}, 400, "bad_ip"),
    ("/api/hello", {"id": "a", "port": 80, "ip": "224.0.0.251"}, 400, "bad_ip"),
    ("/api/hello", {"id": "a", "port": 80, "ip": "0.0.0.0"}, 400, "bad_ip"),
    ("/api/hello", {"id": "a", "port": 80, "ip": 5}, 400, "bad_ip"),
    ("/api/hello", {"id": "a", "port": 80, "version": "v" * 65}, 400, "bad_version"),
    ("/api/hello", {"id": "a", "port": 80, "name": "a\x00b"}, 400, "bad_name"),
    ("/api/hello", {"id": "a", "port": 80, "boot": 7}, 400, "bad_boot"),
    ("/api/hello", {"id": "a", "port": 80, "sent_ms": -1}, 400, "bad_sent_ms"),
    ("/api/hello", {"id": "a", "port": 80, "sensors": 2}, 400, "bad_sensors"),
    ("/api/hello", {"id": "a", "port": 80, "sensors": ["a", "a b"]}, 400, "bad_sensors"),
    ("/api/hello", {"id": "a", "port": 80, "sensors": [f"a:{n}" for n in range(17)]}, 400, "bad_sensors"),
    ("/api/provision", {"port": 0.5}, 400, "bad_port"),
    ("/api/provision", {"interval_ms": "2000"}, 400, "bad_interval_ms"),
    ("/api/provision", [], 400, "bad_json"),
    ("/api/provision", {"host": ""}, 400, "bad_host"),
    ("/api/provision", {"host": "http://a/"}, 400, "bad_host"),
    ("/api/provision", {"host": "a", "port": -1}, 400, "bad_port"),
    ("/api/provision", {"host": "a", "interval_ms": 499}, 400, "bad_interval_ms"),
    ("/api/provision", {"host": "a", "interval_ms": 3_600_001}, 400, "bad_interval_ms"),
    ("/api/provision", {"host": "nobody"}, 404, "unknown_probe"),
    ("/api/annotate", b'{"from_ms": 1, "text": "a\\ud800"}', 400, "bad_text"),
    ("/api/describe", b'{"probe_id": "p", "alias": "\\ud800"}', 400, "bad_text"),
    ("/api/identify", b'{"probe_id": "\\udfff"}', 400, "bad_text"),
    ("/api/update", b'{"probe_id": "\\udfff"}', 400, "bad_text"),
    ("/api/calibrate", b'{"probe_id": "p", "points": [[1, 0]], "note": "\\ud800"}', 400, "bad_text"),
    ("/api/calibrate", {"probe_id": "p", "points": [[10**400, 0]]}, 400, "bad_points"),
    ("/api/calibrate", b'{"probe_id": "p", "points": [[1e999, 0]]}', 400, "bad_points"),
    ("/api/describe", {"probe_id": "p", "colour of my own": "red"}, 400, "bad_field"),
    # Would silence all where a program does not know its probe.
    ("/api/alarms/mute", {"minutes": 5, "probe_id": None}, 400, "bad_probe_id"),
    ("/api/alarms/maintenance", {"minutes": 5, "rule": None}, 400, "bad_rule"),
    ("/api/rules/from-set", {"set": "freezer", "group": "Cellar", "by": "A\x04nna"}, 400, "bad_by"),
    ("/api/nothing", {}, 404, "unknown_path"),
]
GETS: list[tuple[str, int, str]] = [
    ("/api/ingest", 400, "bad_temperature"),
    ("/api/ingest?temperature_c=", 400, "bad_temperature"),
    ("/api/ingest?temperature_c=warm", 400, "bad_temperature"),
    ("/api/ingest?temperature_c=null", 400, "bad_quality"),
    ("/api/ingest?temperature_c=1&probe_id=a%20b", 400, "bad_probe_id"),
    ("/api/ingest?temperature_c=1&age_ms=x", 400, "bad_age_ms"),
    ("/api/ingest?" + "a=1&" * 100, 400, "too_many_fields"),
    ("/api/readings?from=yesterday", 400, "bad_from"),
    ("/api/readings?to=99999999999999999999", 400, "bad_to"),
    ("/api/readings?from=2026-01-02&to=2026-01-01", 400, "bad_from"),
    ("/api/readings?bucket=often", 400, "bad_bucket"),
    ("/api/readings?bucket=0", 400, "bad_bucket"),
    ("/api/readings?bucket=-5min", 400, "bad_bucket"),
    ("/api/readings?bucket=9999999d", 400, "bad_bucket"),
    ("/api/readings?format=xml", 400, "bad_format"),
    ("/api/readings?format=%20csv", 400, "bad_format"),
    ("/api/firmware/manifest?format=mpy%20", 400, "bad_format"),
    # Tornado makes blanks of them and cuts those off: what is left would be another question.
    ("/api/firmware/manifest?format=%07", 400, "bad_format"),
    ("/api/readings?probe_id=%01kitchen", 400, "bad_probe_id"),
    ("/api/readings?from=%07", 400, "bad_from"),
    ("/api/readings?bucket=%07", 400, "bad_bucket"),
    ("/api/readings?probe_id=a%20b", 400, "bad_probe_id"),
    ("/api", 404, "unknown_path"),
    ("/api/../etc/passwd", 404, "unknown_path"),
]


@pytest.fixture(scope="module")
def problem() -> dict[str, Any]:
    return {"$ref": "#/components/schemas/Problem", "components": contract()["components"]}


def refused(hub: Any, answer: tuple[int, Any], status: int, code: str, problem: dict[str, Any]) -> None:
    assert (answer[0], answer[1]["error"]) == (status, code), answer
    jsonschema.validate(answer[1], problem)
    with Reader(hub.journal) as reader:
        assert reader.count() == 0


def test_there_are_enough_wrong_inputs():
    """The list stays long: at least sixty different mistakes are answered in words."""
    assert len(POSTS) + len(GETS) >= 60


@pytest.mark.parametrize(("path", "body", "status", "code"), POSTS)
def test_a_wrong_body_is_refused_in_words(hub, problem, path, body, status, code):
    """Each mistake in a body gets its own 4xx with problem and remedy; nothing of it is stored."""
    refused(hub, hub.ask("POST", path, body), status, code, problem)


@pytest.mark.parametrize(("path", "status", "code"), GETS)
def test_a_wrong_question_is_refused_in_words(hub, problem, path, status, code):
    """Each mistake in a query gets its own 4xx with problem and remedy."""
    refused(hub, hub.ask("GET", path), status, code, problem)


@pytest.mark.parametrize("path", ["/api/ingest", "/api/hello", "/api/nothing"])
def test_a_huge_body_is_refused_before_it_is_read(hub, problem, path):
    """A body above 1 MiB is answered 413 from its announced length alone, at every address."""
    with socket.create_connection(("127.0.0.1", hub.port), timeout=PATIENCE_S) as client:
        client.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\n" % path.encode())
        reply = http.client.HTTPResponse(client)
        reply.begin()
        refused(hub, (reply.status, json.loads(reply.read())), 413, "too_large", problem)


@pytest.mark.parametrize("path", ["/api/ingest", "/api/hello"])
def test_a_body_without_a_length_is_bounded_too(hub, problem, path):
    """A chunked body that goes on for ever is answered 413 once it passes 1 MiB."""
    with socket.create_connection(("127.0.0.1", hub.port), timeout=PATIENCE_S) as client:
        client.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" % path.encode())
        chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        for _ in range(17):
            client.sendall(chunk)
        reply = http.client.HTTPResponse(client)
        reply.begin()
        refused(hub, (reply.status, json.loads(reply.read())), 413, "too_large", problem)


def test_no_http_at_all_is_answered_400(hub):
    """A program that speaks something else gets a 400 and the connection closed, and disturbs nobody."""
    with socket.create_connection(("127.0.0.1", hub.port), timeout=PATIENCE_S) as client:
        client.sendall(b"\x16\x03\x01 not http\r\n\r\n")
        assert b"400" in client.recv(1000)
    assert hub.ask("GET", "/api/health")[0] == 200
