"""Home Assistant by MQTT: each probe's newest reading, whether it is there, and what the broker tells of other hubs. Its own
thread; paho's network runs beside it.
"""

import logging
import socket
import threading
import uuid
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from ..core import AHEAD_MS, board_of, monotonic_s, now_ms
from ..journal import Point, Reader, Writer
from . import follower, mqtt_alarms, topics
from .topics import State

# Far beyond any house; a stranger at the broker must not fill the memory.
MOST = 5_000
# What hubs say of themselves and their sensors is a few hundred bytes, and its topic a few dozen signs.
LONGEST_TOPIC, LONGEST_MESSAGE = 256, 16_384
Value = TypeVar("Value")


class Heard:
    """hubs: {hub: its last status}; announced: {discovery topic: hub, empty for one up to 0.3}; old_status: the status of such a one."""

    def __init__(self) -> None:
        self.hubs: dict[str, bytes] = {}
        self.announced: dict[str, str] = {}
        self.old_status = False
        self._messages: SimpleQueue[tuple[str, bytes]] = SimpleQueue()

    def put(self, topic: str, message: bytes) -> None:
        """A message came; what cannot be a hub's is dropped."""
        if len(topic) <= LONGEST_TOPIC and len(message) <= LONGEST_MESSAGE and topics.is_ours(topic) and self._messages.qsize() < MOST:
            self._messages.put((topic, message))

    def take_in(self, base: str) -> None:
        """Look at what came since."""
        for _ in range(MOST):
            try:
                topic, message = self._messages.get_nowait()
            except Empty:
                return
            if topic == topics.old_hub_topic(base):
                self.old_status = bool(message)
            elif topic.startswith(topics.hub_topic(base, "")):
                _note(self.hubs, topic.removeprefix(topics.hub_topic(base, "")), message)
            elif (hub := topics.hub_in(base, message)) is not None:
                _note(self.announced, topic, hub)
            else:
                self.announced.pop(topic, None)

    def abandoned(self, hub: str) -> set[str]:
        """Discovery topics of hubs up to 0.3, and of those that ran on the computer of `hub` and are off: a folder of earlier, a demo."""
        return {topic for topic, other in self.announced.items() if other == "" or (other != hub and self._is_off_here(other, hub))}

    def of_others(self, hub: str) -> set[str]:
        """Discovery topics that another hub announced which is there now."""
        return {topic for topic, other in self.announced.items() if other not in ("", hub) and self.hubs.get(other) == topics.ONLINE}

    def _is_off_here(self, other: str, hub: str) -> bool:
        return topics.host_of(other) == topics.host_of(hub) and self.hubs.get(other) == topics.OFFLINE


def _note(kept: dict[str, Value], key: str, value: Value) -> None:
    kept.pop(key, None)
    if len(kept) < MOST:
        kept[key] = value


log = logging.getLogger(__name__)
LOOK_S = 5.0
GOODBYE_S = 1.0
CONNECT_S = 2.0
BLOCK = 5_000
PORTS = {"mqtt": 1883, "mqtts": 8883}


class Mqtt(follower.Forwarder):
    """url: `mqtt://user:password@host:1883/topic`; the topic before all others is `temphub` unless given."""

    def __init__(
        self, url: str, journal: Path, writer: Writer, *, every_s: float = 1.0, look_s: float = LOOK_S, reconnect_s: int = 30
    ) -> None:
        super().__init__("mqtt", journal, writer, every_s=every_s, block=BLOCK)
        self._url = urlsplit(url)
        self._base = self._url.path.strip("/") or "temphub"
        self._look_s = look_s
        self._reconnect_s = reconnect_s
        self._looked_s = -look_s
        self._client: paho.Client | None = None
        # Set by paho's thread at each new connection: what the broker kept may be gone.
        self._fresh = threading.Event()
        self._why = self._refusal = ""
        self._missed = 0
        self._probes: dict[str, dict[str, Any]] = {}
        self._newest: dict[str, State] = {}
        # What counted, and as what, when the newest values were last asked for.
        self._stand: tuple[object, ...] = ()
        self._told: dict[str, bytes] = {}
        self._announced: set[str] = set()
        # What stands at the broker of alarms, by topic, and which change of rules and alarms that was; empty while there is no rule.
        self._alarms: dict[str, bytes] = {}
        self._alarms_mark: tuple[object, ...] = ()
        # Made once, kept with the bookmark: by it and the computer's name a hub is known at the broker.
        self._folder = ""
        self._hub = ""
        self._broker = Heard()

    @property
    def shown(self) -> str:
        """The broker without user and password."""
        return f"{self._url.hostname}:{self._url.port or PORTS[self._url.scheme]}"

    def run(self) -> None:
        try:
            super().run()
        finally:
            client, self._client = self._client, None
            if client is not None:
                self._goodbye(client)
                client.disconnect()
                client.loop_stop()

    def recall(self, note: dict[str, Any], reader: Reader) -> None:
        self._announced = set(note.get("announced", []))
        self._folder = note.get("folder") or uuid.uuid4().hex
        self._hub = topics.hub_name(socket.gethostname(), self._folder)
        self._client = self._connect()
        # What came while this hub was off is known by its newest, which the first look brings.
        self.no = reader.count()

    def note(self) -> dict[str, Any]:
        return {"announced": sorted(self._announced), "folder": self._folder}

    def take(self, points: list[Point], reader: Reader) -> None:
        now = now_ms()
        for point in points:
            self._keep(point.probe_id, State(point.taken_ms, point.units, point.quality), now)
        if monotonic_s() - self._looked_s >= self._look_s:
            self._look(reader)
        self._look_at_alarms(reader)
        if self._client is None or not self._client.is_connected():
            self._missed += len(points)
            return
        if self._fresh.is_set():
            self._fresh.clear()
            self._told.clear()
            self._say_missed()
        self._listen()
        self._tell_all()

    def settled(self) -> None:
        if self._client is not None and self._client.is_connected():
            self._say_shared()
            self._once.clear("away", f"the MQTT broker {self.shown} is connected again")
            return
        problem = f"The MQTT broker {self.shown} is not connected ({self._why or 'no answer yet'}), so Home Assistant shows old values."
        remedy = "Check that it runs, or correct or remove MQTT_URL; it is tried again by itself."
        self.trouble(problem, remedy)
        if self._why:
            self._once.warn("away", f"{problem} {remedy}")

    def _unanswered(self) -> None:
        self._why, self._refusal = "nothing answers there", ""

    def _say_missed(self) -> None:
        if self._missed:
            log.info(
                "%d readings came while the MQTT broker was away; it gets each probe's newest, the rest is in the journal", self._missed
            )
        self._missed = 0

    def _keep(self, probe_id: str, state: State, now: int) -> None:
        """Newer than what is known, and not dated in the future: by a clock that was ahead it would stand for hours."""
        known = self._newest.get(probe_id)
        limit = now + AHEAD_MS
        if known is None or known.taken_ms <= state.taken_ms <= limit or state.taken_ms <= limit < known.taken_ms:
            self._newest[probe_id] = state

    def _look(self, reader: Reader) -> None:
        """Which probes there are, and what is newest of each: at the first look, and when probes or readings count otherwise."""
        now = now_ms()
        self._probes = {probe["id"]: probe for probe in reader.probes() if not probe["hidden"]}
        stand = (reader.judged(), frozenset(self._probes))
        # What was newest before the clock was set back is no longer 'now': the journal knows what is.
        if stand != self._stand or any(state.taken_ms > now + AHEAD_MS for state in self._newest.values()):
            if stand[:1] != self._stand[:1]:
                self._newest.clear()
            for one in reader.newest():
                self._keep(one.probe_id, State(one.taken_ms, one.units, one.quality), now)
        self._stand = stand
        self._newest = {probe_id: state for probe_id, state in self._newest.items() if probe_id in self._probes}
        self._looked_s = monotonic_s()

    def _look_at_alarms(self, reader: Reader) -> None:
        """What is to be told of alarms, when something changed."""
        shown = {probe_id: probe for probe_id, probe in self._probes.items() if probe_id in self._newest}
        mark = (reader.alarms_mark(), reader.rules_mark(), self._looked_s)
        if mark == self._alarms_mark:
            return
        self._alarms_mark = mark
        live = reader.live_alarms()
        wanted = mqtt_alarms.alarm_messages(self._base, self._hub, shown, live) if live or reader.rules() else {}
        for topic in self._alarms.keys() - wanted.keys():
            self._forget(topic)
        self._alarms = wanted

    def _tell_all(self) -> None:
        """Everything that changed since it was last told."""
        self._tell(topics.hub_topic(self._base, self._hub), topics.ONLINE)
        for probe_id in self._announced - self._newest.keys():
            self._remove(probe_id)
        now = now_ms()
        for probe_id, state in self._newest.items():
            probe = self._probes.get(probe_id)
            if probe is None:
                # Met a moment ago; the next look brings it.
                continue
            board = self._probes.get(board_of(probe_id), probe)
            self._announced.add(probe_id)
            self._tell(topics.config_topic(self._base, probe_id), topics.config(self._base, self._hub, probe, board))
            self._tell(topics.state_topic(self._base, probe_id), topics.state(state))
            self._tell(topics.presence_topic(self._base, probe_id), topics.presence(state, probe["interval_ms"] or 0, now))
        for topic, message in self._alarms.items():
            self._tell(topic, message)

    def _listen(self) -> None:
        """Take in what the broker told: an `offline` under our own name is contradicted, what nobody looks after is taken away."""
        self._broker.take_in(self._base)
        if self._broker.hubs.get(self._hub) == topics.OFFLINE:
            # The last will of an earlier connection, which the broker only now found dead: every probe would stay unavailable.
            self._broker.hubs[self._hub] = topics.ONLINE
            self._told.pop(topics.hub_topic(self._base, self._hub), None)
        ours = {topics.config_topic(self._base, probe_id) for probe_id in self._newest} | self._alarms.keys()
        for topic in self._broker.abandoned(self._hub) - ours:
            log.info("%s was announced by a hub of this computer that is no more, and is taken back", topic)
            self._forget(topic)
        if self._broker.old_status:
            self._forget(topics.old_hub_topic(self._base))
            self._broker.old_status = False

    def _say_shared(self) -> None:
        """All is well, unless another hub passes on the same probes."""
        names = {topics.config_topic(self._base, probe_id): probe_id for probe_id in self._newest}
        both = sorted(names[topic] for topic in self._broker.of_others(self._hub) & names.keys())
        if not both:
            self.well()
            self._once.clear("shared", "MQTT: no other hub passes on the same probes any more")
            return
        problem = f"Another hub passes {both[0]} on to the MQTT broker {self.shown} under the same topic, so Home Assistant mixes both."
        remedy = (
            f"Give one of the hubs a topic of its own, such as MQTT_URL=mqtt://{self.shown}/lab2, or let one hub alone record the probe."
        )
        self.trouble(problem, remedy)
        self._once.warn("shared", f"{problem} {remedy}")

    def _remove(self, probe_id: str) -> None:
        """An empty retained message makes the broker and Home Assistant forget."""
        for topic in (topics.config_topic, topics.state_topic, topics.presence_topic):
            self._forget(topic(self._base, probe_id))
        self._announced.discard(probe_id)

    def _forget(self, topic: str) -> None:
        self._told.pop(topic, None)
        self._tell(topic, b"")
        self._told.pop(topic, None)

    def _tell(self, topic: str, message: bytes) -> None:
        if self._client is None or self._told.get(topic) == message:
            return
        # What the queue has no room for, and what a connection lost, is told again: only what was taken counts as told.
        if self._client.publish(topic, message, qos=1, retain=True).rc == paho.MQTT_ERR_SUCCESS:
            self._told[topic] = message

    def _connect(self) -> paho.Client:
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"temphub-{self._hub}")
        if self._url.username is not None:
            client.username_pw_set(unquote(self._url.username), unquote(self._url.password or ""))
        if self._url.scheme == "mqtts":
            client.tls_set()
        client.will_set(topics.hub_topic(self._base, self._hub), topics.OFFLINE, qos=1, retain=True)
        client.reconnect_delay_set(1, self._reconnect_s)
        client.connect_timeout = CONNECT_S
        client.max_queued_messages_set(20_000)
        client.on_connect = self._connected
        client.on_message = self._heard
        client.on_connect_fail = lambda *_: self._unanswered()
        client.on_disconnect = lambda _client, _data, _flags, reason, _more: self._lost(str(reason))
        client.connect_async(self._url.hostname or "", self._url.port or PORTS[self._url.scheme], keepalive=30)
        client.loop_start()
        return client

    def _connected(self, client: paho.Client, _data: object, _flags: object, reason: Any, _more: object) -> None:
        if reason.is_failure:
            self._refusal = str(reason)
        else:
            self._refusal = self._why = ""
            # How this hub and others stand at the broker, and which sensors were announced by whom.
            client.subscribe([(topic, 1) for topic in topics.heard(self._base)])
            self._fresh.set()

    def _heard(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        """In paho's thread, which ends with whatever is raised here."""
        # A topic that is no UTF-8 is none of ours.
        with suppress(UnicodeDecodeError):
            self._broker.put(message.topic, bytes(message.payload))

    def _lost(self, why: str) -> None:
        # A refusal says more than the disconnection that follows it.
        self._why = self._refusal or why

    def _goodbye(self, client: paho.Client) -> None:
        """A polite end is no last will: the broker has to be told that the hub is gone."""
        if client.is_connected():
            try:
                client.publish(topics.hub_topic(self._base, self._hub), topics.OFFLINE, qos=1, retain=True).wait_for_publish(GOODBYE_S)
            except (RuntimeError, ValueError) as error:
                log.debug("the broker was not told goodbye: %s", error)
