"""Home Assistant by MQTT: each probe's newest reading, and whether it is there. A thread of its own, paho's
beside it."""

import logging
import socket
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..core import AHEAD_MS, board_of, monotonic_s, now_ms
from ..journal import Point, Reader, Writer
from . import broker, follower, topics

log = logging.getLogger(__name__)
LOOK_S = 5.0
BLOCK = 5_000


class Mqtt(follower.Forwarder):
    """url: `mqtt://user:password@host:1883/topic`; the topic before all others is `temphub` unless given."""

    def __init__(
        self,
        url: str,
        journal: Path,
        writer: Writer,
        *,
        every_s: float = 1.0,
        look_s: float = LOOK_S,
        reconnect_s: int = 30,
    ) -> None:
        super().__init__("mqtt", journal, writer, every_s=every_s, block=BLOCK)
        address = urlsplit(url)
        self._base = address.path.strip("/") or "temphub"
        self._look_s = look_s
        self._looked_s = -look_s
        self._missed = 0
        self._probes: dict[str, dict[str, Any]] = {}
        self._newest: dict[str, topics.State] = {}
        # What counted, and as what, when the newest values were last asked for.
        self._stand: tuple[object, ...] = ()
        self._announced: set[str] = set()
        # What stands at the broker of alarms, by topic, and which change of rules and alarms that was; empty
        # while there is no rule.
        self._alarms: dict[str, bytes] = {}
        self._alarms_mark: tuple[object, ...] = ()
        # Made once, kept with the bookmark: by it and the computer's name a hub is known at the broker.
        self._folder = ""
        self._hub = ""
        self._broker = broker.Broker(address, reconnect_s)

    @property
    def shown(self) -> str:
        """The broker without user and password."""
        return self._broker.shown

    def run(self) -> None:
        try:
            super().run()
        finally:
            self._broker.leave()

    def recall(self, note: dict[str, Any], reader: Reader) -> None:
        self._announced = set(note.get("announced", []))
        self._folder = note.get("folder") or uuid.uuid4().hex
        self._hub = topics.hub_name(socket.gethostname(), self._folder)
        self._broker.join(self._base, self._hub)
        # What came while this hub was off is known by its newest, which the first look brings.
        self.no = reader.count()

    def note(self) -> dict[str, Any]:
        return {"announced": sorted(self._announced), "folder": self._folder}

    def take(self, points: list[Point], reader: Reader) -> None:
        now = now_ms()
        for point in points:
            self._keep(point.probe_id, topics.State(point.taken_ms, point.units, point.quality), now)
        if monotonic_s() - self._looked_s >= self._look_s:
            self._look(reader)
        self._look_at_alarms(reader)
        if not self._broker.is_connected():
            self._missed += len(points)
            return
        if self._broker.is_new():
            self._say_missed()
        self._listen()
        self._tell_all()

    def settled(self) -> None:
        if self._broker.is_connected():
            self._say_shared()
            self._once.clear("away", f"the MQTT broker {self.shown} is connected again")
            return
        why = self._broker.why
        state = f"is not connected ({why or 'no answer yet'})"
        problem = f"The MQTT broker {self.shown} {state}, so Home Assistant shows old values."
        remedy = "Check that it runs, or correct or remove MQTT_URL; it is tried again by itself."
        self.trouble(problem, remedy)
        if why:
            self._once.warn("away", f"{problem} {remedy}")

    def _say_missed(self) -> None:
        if self._missed:
            log.info(
                "%d readings came while the MQTT broker was away; it gets each probe's newest, the rest is "
                "in the journal",
                self._missed,
            )
        self._missed = 0

    def _keep(self, probe_id: str, state: topics.State, now: int) -> None:
        """Newer than what is known, and not dated in the future: by a clock that was ahead it would stand for
        hours."""
        known = self._newest.get(probe_id)
        limit = now + AHEAD_MS
        if (
            known is None
            or known.taken_ms <= state.taken_ms <= limit
            or state.taken_ms <= limit < known.taken_ms
        ):
            self._newest[probe_id] = state

    def _look(self, reader: Reader) -> None:
        """Which probes there are, and what is newest of each: at the first look, and when probes or readings
        count otherwise."""
        now = now_ms()
        self._probes = {probe["id"]: probe for probe in reader.probes() if not probe["hidden"]}
        stand = (reader.judged(), frozenset(self._probes))
        # What was newest before the clock was set back is no longer 'now': the journal knows what is.
        if stand != self._stand or any(state.taken_ms > now + AHEAD_MS for state in self._newest.values()):
            if stand[:1] != self._stand[:1]:
                self._newest.clear()
            for one in reader.newest():
                self._keep(one.probe_id, topics.State(one.taken_ms, one.units, one.quality), now)
        self._stand = stand
        self._newest = {
            probe_id: state for probe_id, state in self._newest.items() if probe_id in self._probes
        }
        self._looked_s = monotonic_s()

    def _look_at_alarms(self, reader: Reader) -> None:
        """What is to be told of alarms, when something changed."""
        shown = {probe_id: probe for probe_id, probe in self._probes.items() if probe_id in self._newest}
        mark = (reader.alarms_mark(), reader.rules_mark(), self._looked_s)
        if mark == self._alarms_mark:
            return
        self._alarms_mark = mark
        live = reader.live_alarms()
        wanted = topics.alarm_messages(self._base, self._hub, shown, live) if live or reader.rules() else {}
        for topic in self._alarms.keys() - wanted.keys():
            self._broker.forget(topic)
        self._alarms = wanted

    def _tell_all(self) -> None:
        """Everything that changed since it was last told."""
        self._broker.tell(topics.hub_topic(self._base, self._hub), topics.ONLINE)
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
            self._broker.tell(
                topics.config_topic(self._base, probe_id), topics.config(self._base, self._hub, probe, board)
            )
            self._broker.tell(topics.state_topic(self._base, probe_id), topics.state(state))
            self._broker.tell(
                topics.presence_topic(self._base, probe_id),
                topics.presence(state, probe["interval_ms"] or 0, now),
            )
        for topic, message in self._alarms.items():
            self._broker.tell(topic, message)

    def _listen(self) -> None:
        """Take in what the broker told: an `offline` under our own name is contradicted, what nobody looks
        after is taken away."""
        heard = self._broker.heard
        heard.take_in(self._base)
        if heard.hubs.get(self._hub) == topics.OFFLINE:
            # The last will of an earlier connection, which the broker only now found dead: every probe would
            # stay unavailable.
            heard.hubs[self._hub] = topics.ONLINE
            self._broker.tell_again(topics.hub_topic(self._base, self._hub))
        ours = {topics.config_topic(self._base, probe_id) for probe_id in self._newest} | self._alarms.keys()
        for topic in heard.abandoned(self._hub) - ours:
            log.info("%s was announced by a hub of this computer that is no more, and is taken back", topic)
            self._broker.forget(topic)
        if heard.old_status:
            self._broker.forget(topics.old_hub_topic(self._base))
            heard.old_status = False

    def _say_shared(self) -> None:
        """All is well, unless another hub passes on the same probes."""
        names = {topics.config_topic(self._base, probe_id): probe_id for probe_id in self._newest}
        both = sorted(names[topic] for topic in self._broker.heard.of_others(self._hub) & names.keys())
        if not both:
            self.well()
            self._once.clear("shared", "MQTT: no other hub passes on the same probes any more")
            return
        problem = (
            f"Another hub passes {both[0]} on to the MQTT broker {self.shown} under the same topic, so "
            "Home Assistant mixes both."
        )
        remedy = (
            f"Give one of the hubs a topic of its own, such as MQTT_URL=mqtt://{self.shown}/lab2, or "
            "let one hub alone record the probe."
        )
        self.trouble(problem, remedy)
        self._once.warn("shared", f"{problem} {remedy}")

    def _remove(self, probe_id: str) -> None:
        """An empty retained message makes the broker and Home Assistant forget."""
        for topic in (topics.config_topic, topics.state_topic, topics.presence_topic):
            self._broker.forget(topic(self._base, probe_id))
        self._announced.discard(probe_id)
