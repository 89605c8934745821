"""`GET /api/report`."""

import json

from support.waiting import PATIENCE_S
from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.reading import Row

NOW = now_ms() // 60_000 * 60_000


def test_a_report_is_downloaded(hub):
    """A PDF or HTML of the probes that are named comes whole, under a name with its days; what cannot be
    reported is said in words before anything is sent."""
    hub.writer.store(
        [Row(f"P:{n % 3}", None, None, NOW - n * 1000, NOW, 200_000_000 + n, None) for n in range(600)]
    )
    span = f"from={NOW - 700_000}&to={NOW}"
    status, headers, body = hub.whole("GET", f"/api/report?{span}&probe_id=P%3A1&tz=UTC")
    assert (status, headers["Content-Type"], body[:8]) == (200, "application/pdf", b"%PDF-1.4")
    assert headers["Content-Disposition"].startswith('attachment; filename="temphub-report-20')
    status, headers, body = hub.whole(
        "GET", f"/api/report?{span}&probe_id=P%3A1&probe_id=P%3A2&format=html&language=de&limit_high_c=20"
    )
    told = body.decode()
    assert status == 200 and headers["Content-Type"] == "text/html; charset=utf-8"
    assert "P:1" in told and "P:2" in told and "P:0" not in told and "Zeit über 20 °C" in told
    wrong = {
        "for=soon": (400, "bad_for"),
        "group=attic": (404, "unknown_group"),
        "probe_id=nobody": (404, "unknown_probe"),
    }
    for query, expected in wrong.items():
        status, _, body = hub.whole("GET", f"/api/report?{query}")
        answer = json.loads(body)
        assert (status, answer["error"]) == expected and answer["problem"] and answer["remedy"]


def test_a_report_that_cannot_be_begun(hub, tmp_path, monkeypatch):
    """Without room for a temporary folder the answer is 503 in words, and the next report is made as
    always."""
    hub.writer.store([Row("P:1", None, None, NOW - n * 1000, NOW, 200_000_000 + n, None) for n in range(60)])
    path = f"/api/report?from={NOW - 700_000}&to={NOW}&format=html"
    with monkeypatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
        status, _, body = hub.whole("GET", path)
    answer = json.loads(body)
    assert (status, answer["error"]) == (503, "export_not_begun")
    assert "recording is not touched" in answer["problem"] and "Try again" in answer["remedy"]
    assert hub.whole("GET", path)[0] == 200


def test_a_journal_that_fails_within_a_report(hub):
    """What SQLite refuses in the report's own process is a 503 in words, not half a file."""
    hub.writer.store([Row("P:1", None, None, NOW - n * 1000, NOW, 200_000_000 + n, None) for n in range(60)])
    path = f"/api/report?from={NOW - 700_000}&to={NOW}"
    hub.writer.change(lambda db: db.execute("ALTER TABLE annotations RENAME TO mislaid")).result(PATIENCE_S)
    status, _, body = hub.whole("GET", path)
    answer = json.loads(body)
    assert (status, answer["error"]) == (503, "journal_unreadable")
    assert "no such table: annotations" in answer["problem"] and answer["remedy"]
