"""Forwarding as a whole hub does it: settings, health, metrics, doctor, and the command."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

import temphub_kernel as th
from support.engines import Victoria
from support.ports import free_port
from support.waiting import PATIENCE_S, wait_for
from temphub_kernel.core.clock import DAY_MS, iso_utc, now_ms
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.reading import Row
from temphub_kernel.core.settings import Settings
from temphub_kernel.doctor.context import look
from temphub_kernel.doctor.hub import forwarding

TOKEN = "secret-of-the-shop"


@pytest.fixture
def victoria(tmp_path):
    """VictoriaMetrics on the loopback interface."""
    made = Victoria(tmp_path / "victoria", free_port()).start()
    yield made
    made.kill()


def fetch(url: str, body: object = None) -> bytes:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
        request, timeout=PATIENCE_S
    ) as reply:
        return reply.read()


def command(*words: str) -> "subprocess.CompletedProcess[str]":
    """`temphub` in a process of its own, with this process's settings."""
    return subprocess.run(
        [sys.executable, "-m", "temphub_kernel", *words], capture_output=True, text=True, timeout=60
    )


def test_a_hub_forwards_and_says_so(monkeypatch, data_dir: Path, victoria) -> None:
    """What is delivered is in the engine within seconds; health, metrics, doctor and command say how far it
    is and what fell with its remedy, and never the token."""
    for name, value in {
        "DATA_DIR": str(data_dir),
        "PORT": str(free_port()),
        "HOST": "127.0.0.1",
        "INTERFACES": "127.0.0.1",
        "KEEP_AWAKE": "off",
        "FORWARD_URL": victoria.base,
        "FORWARD_TOKEN": TOKEN,
        "SITE": "Shop 7",
    }.items():
        monkeypatch.setenv(name, value)
    hub = th.start()
    try:
        fetch(f"{hub.url}/api/ingest", {"temperature_c": 4.5, "probe_id": "Cold-1"})
        old_ms = now_ms() - 40 * DAY_MS
        hub.writer.store([Row("Cold-1", None, None, old_ms, now_ms(), 50_000_000, None)])
        celsius = 'temphub_celsius{probe="Cold-1",site="Shop 7"}'
        wait_for(lambda: [value for _, value in victoria.series().get(celsius, [])] == [4.5])

        def health() -> dict:
            return json.loads(fetch(f"{hub.url}/api/health"))

        wait_for(lambda: health()["forward"].get("fallen") == {"too_old": 1})
        wait_for(lambda: [one for one in health()["workers"] if "-retentionPeriod" in one["remedy"]])
        metrics = fetch(f"{hub.url}/metrics").decode()
        assert 'temphub_forward_let_fall_readings{reason="too_old"} 1.0' in metrics
        assert "temphub_forward_waiting_readings 0.0" in metrics and "temphub_forward_sent_points" in metrics
        (found,) = forwarding(look(Settings.from_environ()))
        assert "as site Shop 7; 0 readings wait, 1 were let fall" in found.result
        assert "-dedup.minScrapeInterval=1ms" in found.remedy
        shown = command("forward")
        assert shown.returncode == 0 and "as site Shop 7" in shown.stdout
        again = command("forward", "--again", "--from", iso_utc(old_ms - 1), "--to", iso_utc(now_ms()))
        assert "0 points that" in again.stdout and "lacked were sent" in again.stdout
        assert TOKEN not in f"{health()} {metrics} {found} {shown} {again} {hub.settings!r}"
    finally:
        th.stop()


def test_the_command_in_words(monkeypatch, data_dir: Path) -> None:
    """Without an engine, with times that make no sense, or a place without a name it ends with what to do."""
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    none = command("forward", "--again")
    assert none.returncode == 1 and "FORWARD_URL is not set" in none.stderr
    monkeypatch.setenv("FORWARD_URL", "http://127.0.0.1:9")
    assert "Set SITE to a name" in command("forward").stderr
    with pytest.raises(TempHubError, match="SITE"):
        Settings.from_environ()
    monkeypatch.setenv("SITE", "x")
    assert "cannot be reached" in command("forward").stderr
    assert command("forward", "--from", "tomorrow").returncode == 2
    assert "Give --from earlier" in command("forward", "--from", "2026-01-02", "--to", "2026-01-01").stderr
