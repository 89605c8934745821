"""Neighbours to pass readings on to: Debian's mosquitto, a receiver over real HTTP, and a journal that
grows."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.waiting import PATIENCE_S, cannot, wait_for
from support.web_end import Quiet, WebEnd
from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.reading import Row, Sighting, to_units
from temphub_kernel.forward.mqtt import Mqtt
from temphub_kernel.journal import ProbeBook, Writer


class Journal:
    """A real journal with its writer."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writer = Writer(path, gather_s=0.0)
        self.writer.start()
        self.book = ProbeBook(self.writer)

    def add(self, *celsius: float | None, probe_id: str = "Cold-1", ago_ms: int = 0) -> None:
        """Store readings, one a millisecond; None is a bad one."""
        now = now_ms() - ago_ms - len(celsius)
        rows = [
            Row(
                probe_id,
                None,
                None,
                now + at,
                now_ms(),
                None if one is None else to_units(one),
                "open" if one is None else None,
            )
            for at, one in enumerate(celsius)
        ]
        self.writer.store(rows)

    def describe(self, probe_id: str, **said: object) -> None:
        """What a person says of a probe."""
        (column, value), *_ = said.items()
        change = f"UPDATE probes SET {column}=? WHERE id=?"
        self.writer.change(lambda db: db.execute(change, (value, probe_id)).rowcount).result(PATIENCE_S)

    def name(self, probe_id: str, name: str, version: str = "1.0") -> None:
        """A probe says who it is."""
        self.book.met(Sighting(probe_id, "127.0.0.1", 80, version=version, name=name, model="esp32"))


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Journal]:
    """The journal of another hub."""
    (tmp_path / "second").mkdir()
    made = Journal(tmp_path / "second" / "temphub.sqlite3")
    yield made
    assert made.writer.stop()


@pytest.fixture
def journal(data_dir: Path) -> Iterator[Journal]:
    """An empty journal."""
    made = Journal(data_dir / "temphub.sqlite3")
    yield made
    assert made.writer.stop()


class Receiver(WebEnd):
    """Takes webhooks; `answer` is the status it gives, `where` where a redirect leads, `most` how many
    readings it takes at once."""

    def __init__(self) -> None:
        self.answer = 200
        self.where = ""
        self.most = 10_000
        self.got: list[dict[str, Any]] = []
        self.seen: list[dict[str, str]] = []
        receiver = self

        class Handler(Quiet):
            def do_POST(self) -> None:
                readings = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["readings"]
                receiver.seen.append({"path": self.path, **dict(self.headers.items())})
                receiver.hold.wait(30)
                status = 413 if len(readings) > receiver.most else receiver.answer
                if status == 200:
                    receiver.got += readings
                self.send_response(status)
                self.send_header("Content-Length", "0")
                if receiver.where:
                    self.send_header("Location", receiver.where)
                self.end_headers()

        super().__init__(Handler)

    @property
    def url(self) -> str:
        return f"http://me:s%40cret@127.0.0.1:{self.port}/in?key=k"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that takes everything."""
    made = Receiver()
    yield made
    made.close()


class Broker:
    """Debian's mosquitto on the loopback interface, with a password."""

    def __init__(self, folder: Path, port: int) -> None:
        tool = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
        if tool is None:
            cannot("mosquitto is not installed (Debian: apt-get install --no-install-recommends mosquitto)")
        self.port = port
        self._tool = tool
        self._config = folder / "mosquitto.conf"
        users = folder / "users"
        users.touch(mode=0o600)
        subprocess.run(
            ["mosquitto_passwd", "-b", str(users), "hub", "pa ss"], check=True, capture_output=True
        )
        self._config.write_text(
            f"listener {port} 127.0.0.1\nuser root\nallow_anonymous false\npassword_file {users}"
            "\npersistence false\nlog_dest stderr\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"mqtt://hub:pa%20ss@127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it; returns when it answers."""
        import socket

        self._process = subprocess.Popen(
            [self._tool, "-c", str(self._config)], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

        def answers() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0

        wait_for(answers)

    def stop(self) -> None:
        """End it; without persistence it forgets everything, retained messages too."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE_S)
            self._process = None


@pytest.fixture
def broker(tmp_path: Path, free_port: int) -> Iterator[Broker]:
    """A broker that runs."""
    made = Broker(tmp_path, free_port)
    made.start()
    yield made
    made.stop()


class Listener:
    """What Home Assistant would see: the last message of each topic, and all of them in order."""

    def __init__(self, broker: Broker) -> None:
        import paho.mqtt.client as paho
        from paho.mqtt.enums import CallbackAPIVersion

        self.last: dict[str, Any] = {}
        self.all: list[tuple[str, Any]] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.username_pw_set("hub", "pa ss")
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self._client.on_message = lambda _client, _data, message: self._heard(message.topic, message.payload)
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()

    def _heard(self, topic: str, payload: bytes) -> None:
        value = json.loads(payload) if payload[:1] == b"{" else payload.decode("utf-8", "replace")
        self.last[topic] = value
        self.all.append((topic, value))

    def says(self, topic: str, message: bytes) -> None:
        """Leave a message at the broker."""
        self._client.publish(topic, message, qos=1, retain=True).wait_for_publish(PATIENCE_S)

    def waits(self, topic: str, what: Any, timeout_s: float = 15.0) -> Any:
        """Waits until the topic's last message is `what`, or fits it when it is a function."""
        fits = what if callable(what) else lambda value: value == what
        wait_for(lambda: topic in self.last and fits(self.last[topic]), timeout_s)
        return self.last[topic]

    def say(self, topic: str, text: str, *, retain: bool = False) -> None:
        """Publish something, as any client of the broker may."""
        self._client.publish(topic, text, qos=1, retain=retain).wait_for_publish(PATIENCE_S)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def listener(broker: Broker) -> Iterator[Listener]:
    """Somebody who listens to everything."""
    made = Listener(broker)
    yield made
    made.close()


@pytest.fixture
def start(journal: Journal, broker: Broker) -> Iterator[Callable[..., Mqtt]]:
    """Starts what passes on to the broker, and stops it at the end."""
    started: list[Mqtt] = []

    def begin(url: str = "") -> Mqtt:
        mqtt = Mqtt(url or broker.url, journal.path, journal.writer, every_s=0.02, look_s=0.1, reconnect_s=1)
        mqtt.start()
        started.append(mqtt)
        return mqtt

    yield begin
    for mqtt in started:
        assert mqtt.stop()


def statuses(listener: Listener, said: str) -> list[str]:
    """The status topics of hubs that say so."""
    return [
        topic
        for topic, value in listener.last.items()
        if topic.startswith("temphub/status/") and value == said
    ]
