"""The connection with an MQTT broker: what it was told, and what it tells of other hubs. Called by one
thread, paho's beside it."""

import logging
import threading
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, TypeVar
from urllib.parse import SplitResult, unquote

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from . import topics

log = logging.getLogger(__name__)
GOODBYE_S = 1.0
CONNECT_S = 2.0
PORTS = {"mqtt": 1883, "mqtts": 8883}
# Far beyond any house; a stranger at the broker must not fill the memory.
MOST = 5_000
# What hubs say of themselves and their sensors is a few hundred bytes, and its topic a few dozen signs.
LONGEST_TOPIC, LONGEST_MESSAGE = 256, 16_384
Value = TypeVar("Value")


class Heard:
    """hubs: {hub: its last status}; announced: {discovery topic: hub, empty for one up to 0.3}; old_status:
    the status of such a one."""

    def __init__(self) -> None:
        self.hubs: dict[str, bytes] = {}
        self.announced: dict[str, str] = {}
        self.old_status = False
        self._messages: SimpleQueue[tuple[str, bytes]] = SimpleQueue()

    def put(self, topic: str, message: bytes) -> None:
        """A message came; what cannot be a hub's is dropped."""
        if (
            len(topic) <= LONGEST_TOPIC
            and len(message) <= LONGEST_MESSAGE
            and topics.is_ours(topic)
            and self._messages.qsize() < MOST
        ):
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
        """Discovery topics of hubs up to 0.3, and of those that ran on the computer of `hub` and are off: a
        folder of earlier, a demo."""
        return {
            topic
            for topic, other in self.announced.items()
            if other == "" or (other != hub and self._is_off_here(other, hub))
        }

    def of_others(self, hub: str) -> set[str]:
        """Discovery topics that another hub announced which is there now."""
        return {
            topic
            for topic, other in self.announced.items()
            if other not in ("", hub) and self.hubs.get(other) == topics.ONLINE
        }

    def _is_off_here(self, other: str, hub: str) -> bool:
        return topics.host_of(other) == topics.host_of(hub) and self.hubs.get(other) == topics.OFFLINE


def _note(kept: dict[str, Value], key: str, value: Value) -> None:
    kept.pop(key, None)
    if len(kept) < MOST:
        kept[key] = value


class Broker:
    """One connection, kept up by paho's thread. url: with user and password; reconnect_s: the longest pause
    before the next try.

    heard: what the broker told; why: why there is no connection, in words, empty while nobody knows.
    """

    def __init__(self, url: SplitResult, reconnect_s: int) -> None:
        self.heard = Heard()
        self.why = ""
        self._refusal = ""
        self._url = url
        self._reconnect_s = reconnect_s
        self._base = self._hub = ""
        self._client: paho.Client | None = None
        # Set by paho's thread at each new connection: what the broker kept may be gone.
        self._fresh = threading.Event()
        self._told: dict[str, bytes] = {}

    @property
    def shown(self) -> str:
        """The broker without user and password."""
        return f"{self._url.hostname}:{self._url.port or PORTS[self._url.scheme]}"

    def join(self, base: str, hub: str) -> None:
        """Connect by and by, under the name of the hub; base: the topic before all others."""
        self._base, self._hub = base, hub
        self._client = self._connect()

    def leave(self) -> None:
        """Say goodbye and end the connection, if there is one."""
        client, self._client = self._client, None
        if client is not None:
            self._goodbye(client)
            client.disconnect()
            client.loop_stop()

    def is_connected(self) -> bool:
        """Whether what is told now arrives."""
        return self._client is not None and self._client.is_connected()

    def is_new(self) -> bool:
        """Whether it is another connection than at the last call: everything is to be told again then."""
        if not self._fresh.is_set():
            return False
        self._fresh.clear()
        self._told.clear()
        return True

    def tell(self, topic: str, message: bytes) -> None:
        """Have the broker keep a message, unless it has that already."""
        if self._client is None or self._told.get(topic) == message:
            return
        # What the queue has no room for, and what a connection lost, is told again: only what was taken
        # counts as told.
        if self._client.publish(topic, message, qos=1, retain=True).rc == paho.MQTT_ERR_SUCCESS:
            self._told[topic] = message

    def tell_again(self, topic: str) -> None:
        """The broker has something else by now: the next message goes there whatever was told."""
        self._told.pop(topic, None)

    def forget(self, topic: str) -> None:
        """Have the broker forget what it keeps."""
        self.tell_again(topic)
        self.tell(topic, b"")
        self.tell_again(topic)

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
        client.on_message = self._taken
        client.on_connect_fail = lambda *_: self._unanswered()
        client.on_disconnect = lambda _client, _data, _flags, reason, _more: self._lost(str(reason))
        client.connect_async(
            self._url.hostname or "", self._url.port or PORTS[self._url.scheme], keepalive=30
        )
        client.loop_start()
        return client

    def _connected(
        self, client: paho.Client, _data: object, _flags: object, reason: Any, _more: object
    ) -> None:
        if reason.is_failure:
            self._refusal = str(reason)
        else:
            self._refusal = self.why = ""
            # How this hub and others stand at the broker, and which sensors were announced by whom.
            client.subscribe([(topic, 1) for topic in topics.heard(self._base)])
            self._fresh.set()

    def _taken(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        """In paho's thread, which ends with whatever is raised here."""
        # A topic that is no UTF-8 is none of ours.
        with suppress(UnicodeDecodeError):
            self.heard.put(message.topic, bytes(message.payload))

    def _unanswered(self) -> None:
        self.why, self._refusal = "nothing answers there", ""

    def _lost(self, why: str) -> None:
        # A refusal says more than the disconnection that follows it.
        self.why = self._refusal or why

    def _goodbye(self, client: paho.Client) -> None:
        """A polite end is no last will: the broker has to be told that the hub is gone."""
        if not client.is_connected():
            return
        status = topics.hub_topic(self._base, self._hub)
        try:
            client.publish(status, topics.OFFLINE, qos=1, retain=True).wait_for_publish(GOODBYE_S)
        except (RuntimeError, ValueError) as error:
            log.debug("the broker was not told goodbye: %s", error)
