"""The neighbours of a whole hub: settings switch them on, a slow one delays nobody, Prometheus scrapes."""

import json
import os
import re
import shutil
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest

import temphub_kernel as th
from support.ports import free_port
from support.waiting import PATIENCE_S, cannot, wait_for
from temphub_kernel.core import files
from temphub_kernel.core.settings import ALLOWED
from temphub_kernel.forward import topics, webhook
from temphub_kernel.hub.hub import RunningHub
from temphub_kernel.journal import Point


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, data_dir: Path, free_port: int):
    """Starts a hub in this process with further settings."""

    def start(**settings: str) -> RunningHub:
        given = {
            "DATA_DIR": str(data_dir),
            "PORT": str(free_port),
            "HOST": "127.0.0.1",
            "INTERFACES": "127.0.0.1",
            **settings,
        }
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        started = th.start()
        assert isinstance(started, RunningHub)
        return started

    yield start
    th.stop()


def ask(url: str, body: object = None) -> dict:
    data = None if body is None else json.dumps(body).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(
        urllib.request.Request(url, data, {"Content-Type": "application/json"}), timeout=PATIENCE_S
    ) as reply:
        return json.load(reply)


def test_without_their_settings_there_are_none(hub) -> None:
    """Off by default: no worker, and nothing of MQTT is even loaded."""
    names = [worker.name for worker in hub().workers]
    assert not {"mqtt", "webhook"} & set(names) and "awake" in names


def test_keeping_awake_can_be_switched_off(hub) -> None:
    """With KEEP_AWAKE=off the computer may sleep as its owner set it."""
    running = hub(KEEP_AWAKE="off")
    assert "awake" not in [worker.name for worker in running.workers]
    assert ask(running.url + "/api/health")["awake"] is False


def test_a_neighbour_that_does_not_answer_delays_no_reading(hub, receiver) -> None:
    """With a webhook that hangs, and a broker that is not there, readings are acknowledged as ever and the
    health says why."""
    receiver.hold.clear()
    running = hub(WEBHOOK_URL=receiver.url, MQTT_URL="mqtt://127.0.0.1:1")
    for number in range(5):
        assert ask(running.url + "/api/ingest", {"temperature_c": number}) == {"ok": True}
    wait_for(lambda: receiver.seen)

    def broker() -> str:
        workers = ask(running.url + "/api/health")["workers"]
        return next(one["problem"] for one in workers if one["name"] == "mqtt")

    wait_for(lambda: "is not connected" in broker())
    receiver.hold.set()
    wait_for(lambda: len(receiver.got) >= 5)
    assert sorted({one["temperature_c"] for one in receiver.got}) == [0.0, 1.0, 2.0, 3.0, 4.0]


DOCUMENT = (files.CHECKOUT / "docs" / "neighbours.md").read_text(encoding="utf-8")


def test_what_the_page_about_neighbours_names_exists(hub) -> None:
    """Every metric, topic, setting and field that docs/neighbours.md names is one that the hub has."""
    running = hub()
    ask(running.url + "/api/ingest", {"temperature_c": 21.25, "probe_id": "Cold-1"})
    with pytest.raises(urllib.error.HTTPError):
        ask(running.url + "/api/ingest", {"temperature_c": "warm"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(running.url + "/metrics", timeout=PATIENCE_S) as reply:
        served = reply.read().decode()
    metrics = set(re.findall(r"`(temphub_\w+)", DOCUMENT))
    assert len(metrics) >= 4 and not [name for name in metrics if f"\n{name}" not in served]
    settings = set(re.findall(r"^([A-Z_]+)=", DOCUMENT, re.MULTILINE))
    assert settings == {"MQTT_URL", "WEBHOOK_URL"} and settings <= ALLOWED.keys()
    named = [topic.replace("<probe>", "P") for topic in re.findall(r"^\| `([^`]+)`", DOCUMENT, re.MULTILINE)]
    made = [
        topics.hub_topic("temphub", "<hub>"),
        *(make("temphub", "P") for make in (topics.state_topic, topics.presence_topic, topics.config_topic)),
        topics.alarm_topic("temphub", "P"),
        topics.hub_alarm_topic("temphub", "<hub>"),
        topics.alarm_config_topic("temphub", "P"),
    ]
    assert named == made
    (example,) = re.findall(r"^```json\n(.+?)\n```", DOCUMENT, re.MULTILINE | re.DOTALL)
    point = Point(418, "TempProbe-0A01", 1795438440123, 1795438440123, 238_125_000, None, None, None)
    assert json.loads(webhook.body([point])).keys() == json.loads(example).keys()
    assert json.loads(webhook.body([point]))["readings"][0] == json.loads(example)["readings"][0]


def test_prometheus_scrapes_the_hub(hub, tmp_path: Path) -> None:
    """Debian's Prometheus, pointed at the hub's port, has the temperature by probe."""
    tool = shutil.which("prometheus")
    if tool is None:
        cannot("prometheus is not installed (Debian: apt-get install --no-install-recommends prometheus)")
    running = hub()
    ask(running.url + "/api/ingest", {"temperature_c": 21.25, "probe_id": "Cold-1"})
    config = tmp_path / "prometheus.yml"
    target = running.url.removeprefix("http://")
    config.write_text(
        "scrape_configs:\n- job_name: temphub\n  scrape_interval: 1s\n  static_configs:\n  - targets: "
        f"['{target}']\n"
    )
    port = free_port()
    command = [
        tool,
        f"--config.file={config}",
        f"--storage.tsdb.path={tmp_path / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (tmp_path / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, "GOMAXPROCS": "1"}
        )

    def scraped() -> list:
        try:
            return ask(f"http://127.0.0.1:{port}/api/v1/query?query=temphub_temperature_celsius")["data"][
                "result"
            ]
        except OSError:
            return []

    try:
        (found,) = wait_for(scraped, timeout_s=60, every_s=0.3)
        assert found["metric"]["probe_id"] == "Cold-1" and float(found["value"][1]) == 21.25
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
