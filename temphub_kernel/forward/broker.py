"""What the broker tells: which hubs are there, and who announced which sensor. `put` from paho's thread, the rest from one other."""

from queue import Empty, SimpleQueue
from typing import TypeVar

from . import topics

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
