"""Empties the outbox: tells alarms by the channels that they are to be told by. Its own thread and Reader;
sending is a process beside it.

Before something is sent that is kept, and what came of it after that. So a hub that is killed in between
sends it again, with a mark. What was acknowledged meanwhile is not sent; what is over is told as over. Of
each channel one thing is under way, and a channel that does not answer delays no other. What is said: one by
one, or, when there are many at once, together (`compose`).
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ...core import MINUTE_MS, Once, local_text, monotonic_s, now_ms
from ...journal import Alarm, Follower, Message, Reader, Writer, begin, not_sent, not_to_be_told, were_sent
from .. import words
from .channels import Channel, Channels
from .sender import Order, Outcome, Sender

log = logging.getLogger(__name__)
LOOK_S = 0.25
# What waits at once for a channel is one thing to send.
MOST = 5_000
PAUSES_S = (5.0, 15.0, 60.0, 300.0, 900.0)
# The process that sends takes 35 MB or more: it goes when nobody needed it for so long.
IDLE_S = 600.0
# At the stop so long is waited for what is under way.
LAST_S = 1.0
# What was to be told so long ago is put into words anew.
STALE_MS = MINUTE_MS
NO_CHANNEL = "there is no channel of that name"
# From so many on they are told together.
TOGETHER = 4
LISTED = 20
PERHAPS = "May have been told already."


class Delivery(Follower[Reader]):
    """Sends what waits.

    link: the page's address; soon: whether something may have to be told within the next minutes, so that
    what sends is ready; pauses_s: before the next try after a failure, the last one for all that follow.
    failing: channels whose last try failed, and why.
    """

    def __init__(
        self,
        journal: Path,
        writer: Writer,
        channels: Channels,
        *,
        link: Callable[[], str] = str,
        soon: Callable[[], bool] = bool,
        look_s: float = LOOK_S,
        pauses_s: Sequence[float] = PAUSES_S,
        idle_s: float = IDLE_S,
        sender: Sender | None = None,
    ) -> None:
        super().__init__("alarm messages")
        self.failing: dict[str, str] = {}
        self._journal = journal
        self._writer = writer
        self._channels = channels
        self._link = link
        self._soon = soon
        self._look_s = look_s
        self._pauses_s = pauses_s
        self._idle_s = idle_s
        self._sender = sender or Sender()
        self._telling: dict[str, Telling] = {}
        self._failures: dict[str, int] = {}
        self._again_s: dict[str, float] = {}
        self._since_ms: dict[str, int] = {}
        # As it was then: one that was changed is tried at once.
        self._tried: dict[str, Channel | None] = {}
        self._used_s = 0.0
        self._once = Once(log)

    def opened(self) -> Reader:
        return Reader(self._journal)

    def run(self) -> None:
        try:
            super().run()
        finally:
            self._sender.close()
            self._telling.clear()

    def round(self, reader: Reader) -> float:
        self._begin_all(reader)
        self._take_in(self._sender.ended(self._look_s))
        self._ready()
        self._say(reader)
        return 0.0 if self._telling else self._look_s

    def end(self, _reader: Reader) -> None:
        late_s = monotonic_s() + LAST_S
        while self._telling and (left_s := late_s - monotonic_s()) > 0:
            self._take_in(self._sender.ended(left_s))

    def _begin_all(self, reader: Reader) -> None:
        for name in reader.waiting_channels():
            channel = self._channels.get(name)
            if name in self._telling or (
                monotonic_s() < self._again_s.get(name, 0.0) and self._tried.get(name) == channel
            ):
                continue
            found = reader.due_messages(name, now_ms(), MOST)
            if found and channel is None:
                self._tried[name] = None
                self._failed(name, [message.no for message in found], Outcome(False, NO_CHANNEL))
            elif found and channel is not None:
                together = len({message.alarm for message in found}) >= TOGETHER
                self._begin(
                    reader,
                    channel,
                    found if together else [one for one in found if one.alarm == found[0].alarm],
                )

    def _begin(self, reader: Reader, channel: Channel, found: Sequence[Message]) -> None:
        """Mark messages as under way, look once more whether they are to be told, and send them."""
        begun = begin(self._writer, [message.no for message in found])
        # Read after that commit: an acknowledgement has either taken them back, or is in here.
        alarms = {
            alarm.no: alarm
            for alarm in reader.alarms_of(list({one.alarm for one in begun}))
            if _is_to_be_told(alarm)
        }
        if gone := [message.no for message in begun if message.alarm not in alarms]:
            not_to_be_told(self._writer, gone)
        if left := [message for message in begun if message.alarm in alarms]:
            told = (
                [_as_of_now(reader, message, alarms[message.alarm]) for message in left]
                if len(alarms) == 1
                else left
            )
            telling = compose(told, alarms, self._link()).in_words(self._channels.say)
            self._telling[channel.name] = telling
            self._used_s, self._tried[channel.name] = monotonic_s(), channel
            self._sender.send(
                channel.name,
                Order(channel.url, telling.title, telling.body, telling.severity, channel.module),
            )

    def _take_in(self, ended: dict[str, Outcome]) -> None:
        for name, outcome in ended.items():
            telling = self._telling.pop(name, None)
            if telling is None:
                continue
            self._used_s = monotonic_s()
            if outcome.ok:
                were_sent(self._writer, telling.numbers, now_ms())
                self._well(name)
            else:
                self._failed(name, telling.numbers, outcome)

    def _failed(self, name: str, numbers: Sequence[int], outcome: Outcome) -> None:
        times = self._failures[name] = self._failures.get(name, 0) + 1
        pause_s = self._pauses_s[min(times, len(self._pauses_s)) - 1]
        self._again_s[name] = monotonic_s() + pause_s
        self.failing[name] = outcome.problem
        at_ms = now_ms()
        self._since_ms.setdefault(name, at_ms)
        not_sent(
            self._writer,
            numbers,
            at_ms,
            outcome.problem,
            at_ms + round(pause_s * 1000),
            perhaps=outcome.perhaps,
        )
        self._once.warn(
            f"failing {name}",
            f"alarms cannot be told by {name}: {outcome.problem}; it is tried again by itself",
        )

    def _well(self, name: str) -> None:
        for kept in (self._failures, self._again_s, self.failing, self._since_ms):
            kept.pop(name, None)
        self._once.clear(f"failing {name}", f"alarms are told by {name} again")

    def _ready(self) -> None:
        if (
            self._sender.runs
            and not self._telling
            and not self._soon()
            and monotonic_s() - self._used_s > self._idle_s
        ):
            self._sender.close()
        elif not self._sender.runs and self._channels.names() and self._soon():
            self._used_s = monotonic_s()
            self._sender.start(channel.module for channel in self._channels.all())

    def _say(self, reader: Reader) -> None:
        """On the page, that alarms cannot be told, and since when."""
        for name in self.failing.keys() - set(reader.waiting_channels()):
            # What waited was acknowledged.
            self._well(name)
        if not self.failing:
            self.well()
            return
        name, why = next(iter(self.failing.items()))
        others = f" and {len(self.failing) - 1} others" if len(self.failing) > 1 else ""
        self.trouble(
            f"Alarms cannot be told by {name}{others} since {local_text(self._since_ms[name])[:-3]}: "
            f"{why.rstrip('.')}.",
            "Look at the alarms on the page, and test the channel there; it is tried again by itself.",
        )


def _as_of_now(reader: Reader, message: Message, alarm: Alarm) -> Message:
    """What waited for long is said anew: how long it goes on by now, and what the worst was."""
    event = next((one for one in reader.alarm_events([alarm.no]) if one.no == message.event), None)
    if event is None or now_ms() - event.at_ms < STALE_MS:
        return message
    return message._replace(text=words.message(reader.alarm_book(), alarm, event.what, now_ms()))


def _is_to_be_told(alarm: Alarm) -> bool:
    return not alarm.acked_ms and not alarm.closed_ms


class Telling(NamedTuple):
    """What is sent. severity: critical, warning or over; numbers: of the messages that it tells."""

    title: str
    body: str
    severity: str
    numbers: tuple[int, ...]

    def in_words(self, say: Callable[[str], str]) -> "Telling":
        """The same in another language: each line by itself."""
        body = "\n".join(map(say, self.body.split("\n")))
        return self._replace(title=say(self.title), body=body)


def newest(messages: Sequence[Message]) -> list[Message]:
    """Of each alarm the last message: what it said before is in it."""
    return list({message.alarm: message for message in messages}.values())


def compose(messages: Sequence[Message], alarms: Mapping[int, Alarm], link: str) -> Telling:
    """What to send for messages that wait. alarms: theirs, as they are now; those that are not there are not
    told. link: of the page."""
    told = [message for message in newest(messages) if message.alarm in alarms]
    marked = [PERHAPS] if any(message.tries < 0 for message in messages) else []
    after = [*marked, link] if link else marked
    if len(told) == 1:
        alarm, (title, _, body) = alarms[told[0].alarm], told[0].text.partition("\n")
        over = [f"Over since {local_text(alarm.cleared_ms)[:-3]}."] if alarm.cleared_ms else []
        lines = [*body.splitlines(), *(line for line in over if line not in body), *after]
        return Telling(_title(title, alarm), "\n".join(lines), severity([alarm]), _numbers(messages))
    concerned = [alarms[message.alarm] for message in told]
    lines = [_title(message.text.partition("\n")[0], alarms[message.alarm]) for message in told[:LISTED]]
    if len(told) > LISTED:
        lines.append(f"… and {len(told) - LISTED} more.")
    return Telling(_head(concerned), "\n".join([*lines, *after]), severity(concerned), _numbers(messages))


def severity(alarms: Sequence[Alarm]) -> str:
    """The worst of those that go on; `over` when none does."""
    active = {alarm.severity for alarm in alarms if not alarm.cleared_ms}
    return "critical" if "critical" in active else "warning" if active else "over"


def _head(alarms: Sequence[Alarm]) -> str:
    over = sum(bool(alarm.cleared_ms) for alarm in alarms)
    critical = sum(alarm.severity == "critical" for alarm in alarms if not alarm.cleared_ms)
    more = [f"{critical} critical"] * bool(critical) + [f"{over} over already"] * bool(over)
    return f"{len(alarms)} alarms" + (f" ({', '.join(more)})" if more else "")


def _title(title: str, alarm: Alarm) -> str:
    return f"Was, and is over: {title}" if alarm.cleared_ms else title


def _numbers(messages: Sequence[Message]) -> tuple[int, ...]:
    return tuple(message.no for message in messages)
