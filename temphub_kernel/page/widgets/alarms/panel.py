"""Alarms on the page: the banner, the form with which somebody answers one, the list. Kernel's own thread
only."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from ipywidgets import Text

from ....alarms import life
from ....core import HOUR_MS, TempHubError, monotonic_s, now_ms
from ... import alarm_words as words, format
from ...choices import Steering, View
from ...data import Probe, ShownAlarm, Snapshot
from ...html import alarm_list, alarms
from ..base import Ask, Asks, Kit, set_children, set_value, without_hub
from .limits_form import LimitsForm
from .tools import AlarmTools

SUBJECT = "alarms"
# What became of an answer is shown for so long.
SHOWN_S = 20.0
# When those who were muted until tomorrow are told again.
MORNING = 8


class AlarmForm:
    """`widget` is the form: ready-made texts, a comment, who says it, and what is done with it."""

    def __init__(self, kit: Kit, ask: Ask, asks: Asks, closed: Callable[[], None]) -> None:
        self._ask, self._asks, self._closed = ask, asks, closed
        self.shown: ShownAlarm | None = None
        self._until_ms, self._answers = 0, False
        field = {"layout": kit.layout, "continuous_update": True}
        self._title = kit.html()
        texts = kit.row([kit.button(text, partial(self._say, text)) for text in words.ACTIONS], "th-ready")
        self._comment = Text(description=words.FORM_COMMENT, placeholder=words.FORM_EXAMPLE, **field)
        self._comment.add_class("th-comment")
        self._who = Text(description=words.FORM_WHO, **field)
        self._who.add_class("th-who")
        fields = kit.row([self._comment, self._who], "th-fields")
        self._acknowledge = kit.button(
            words.ACKNOWLEDGE, self._go_acknowledge, words.ACKNOWLEDGE_MEANING, "th-primary"
        )
        self._acknowledge.add_class("th-button")
        self._act = kit.button(words.ACT, self._go_act, words.ACT_MEANING)
        self._hour = kit.button(words.MUTE_HOUR, lambda: self._mute(now_ms() + HOUR_MS), words.MUTE_MEANING)
        self._tomorrow = kit.button("", lambda: self._mute(self._until_ms), words.MUTE_MEANING)
        self._close = kit.button(words.CLOSE_FORM, self.close)
        self._buttons = kit.row([], "th-buttons")
        self.widget = kit.column([self._title, texts, fields, self._buttons], "th-editor", "th-alarm-form")

    def open(self, one: ShownAlarm, snapshot: Snapshot) -> None:
        """Fill it for an alarm; what was typed for the same one before is still there."""
        if self.shown is None or self.shown.alarm.no != one.alarm.no:
            set_value(self._comment, "")
        self.shown, self._answers, alarm = one, True, one.alarm
        set_value(self._title, alarms.form_title(one, snapshot))
        self._until_ms, told = tomorrow(snapshot.view, snapshot.now_ms)
        self._tomorrow.description = words.MUTE_TOMORROW.format(told)
        first = [] if alarm.acked_ms else [self._acknowledge]
        act = [self._act] if alarm.acked_ms or alarm.body.get("rule", {}).get("require_action") else []
        # Of the hub's own there is no rule and no probe that could be muted alone.
        mutes = [self._hour, self._tomorrow] if one.active and not one.muted_ms and not alarm.own else []
        set_children(self._buttons, [*first, *act, *mutes, self._close])

    def close(self) -> None:
        """Put the form away."""
        self._answers = False
        self._closed()

    def _say(self, text: str) -> None:
        set_value(self._comment, text)

    def _go_acknowledge(self) -> None:
        self._send(words.ACKNOWLEDGING, acknowledge)

    def _go_act(self) -> None:
        self._send(words.ACTING, act)

    def _send(self, saying: str, step: Callable[[Ask, int, str, str], str]) -> None:
        # A second press of a double click is no second answer.
        if (one := self.shown) is not None and self._answers:
            ask, comment, who = self._ask, self._comment.value.strip(), self._who.value.strip()
            self._asks.go(SUBJECT, saying, lambda: step(ask, one.alarm.no, comment, who))
            self.close()

    def _mute(self, until_ms: int) -> None:
        if (one := self.shown) is not None and self._answers:
            ask, note, who = self._ask, self._comment.value.strip(), self._who.value.strip()
            self._asks.go(SUBJECT, words.MUTING, lambda: mute(ask, one, until_ms, note, who))
            self.close()


def tomorrow(view: View, moment_ms: int) -> tuple[int, str]:
    """(a moment tomorrow morning on the viewer's clock, its time of day)."""
    day = format.local(moment_ms, view.where) + timedelta(days=1)
    morning = day.replace(hour=MORNING, minute=0, second=0, microsecond=0)
    return round(morning.timestamp() * 1000), format.time_of_day(morning, to_second=False, am_pm=view.am_pm)


def acknowledge(ask: Ask, number: int, comment: str, who: str) -> str:
    """Somebody takes care; what came of it, in words. Raises TempHubError."""
    ask("/api/alarms/acknowledge", {"number": number, "comment": comment, **_by(who)})
    return words.ACKNOWLEDGED_NOW


def act(ask: Ask, number: int, action: str, who: str) -> str:
    """Keep what was done. Raises TempHubError, also when nothing says it."""
    if not action:
        raise TempHubError(words.ACT_EMPTY, words.ACT_EMPTY_REMEDY)
    ask("/api/alarms/act", {"number": number, "action": action, **_by(who)})
    return words.ACTED


def mute(ask: Ask, one: ShownAlarm, until_ms: int, note: str, who: str) -> str:
    """Tell nobody of an alarm's probe, or of its rule where it is about several, until then. Raises
    TempHubError."""
    minutes = max(-((until_ms - now_ms()) // -60_000), 1)
    where = {"probe_id": one.alarm.probe_id} if one.alarm.probe_id else {"rule": one.alarm.rule}
    ask("/api/alarms/mute", {**where, "minutes": minutes, "note": note, **_by(who)})
    return words.MUTED_NOW


def unmute(ask: Ask, number: int) -> str:
    """End a mute. Raises TempHubError."""
    ask("/api/alarms/unmute", {"number": number})
    return words.UNMUTED


def _by(who: str) -> dict[str, str]:
    return {"by": who[: life.MOST_BY]} if who else {}


class AlarmPanel:
    """`top` goes above the cards: the banner, the form, what came of an answer. `widget` is the list."""

    def __init__(self, kit: Kit, steering: Steering, ask: Ask | None, asks: Asks) -> None:
        self._kit, self._ask, self._asks = kit, ask, asks
        self._snapshot: Snapshot | None = None
        self._form: AlarmForm | None = None
        # Made when it is first asked for; at most one of both forms is open.
        self._limits: LimitsForm | None = None
        self._limits_open = False
        self._banner, self._said, self._list = kit.html("th-alarms"), kit.html("th-alarms-said"), kit.html()
        self._banner_key: object = None
        self._said_s, self._opened = 0.0, False
        # Where the page's script does not run (a notebook), the banner's own buttons do nothing.
        self._answer = kit.button(words.ANSWER, self._open_first)
        self._answer.add_class("th-unscripted")
        self.top = kit.column([], "th-alarms-top")
        self._heading = kit.html(value=alarms.heading(steering.view))
        self.tools = AlarmTools(kit, steering, ask or without_hub, asks)
        self.widget = kit.panel([self._heading, self.tools.widget, self._list], "th-alarm-panel")
        self._steering = steering

    def show(self, snapshot: Snapshot) -> None:
        """Bring it up to a snapshot."""
        self._snapshot = snapshot
        # With the page's script, which counts minutes and values on, it stays as it is: a button in it keeps
        # the keyboard.
        view, waiting = snapshot.view, [one for one in snapshot.alarms.live if one.waits]
        key = (
            tuple(
                (one.alarm[:9], one.alarm.acked_ms, one.alarm.cleared_ms, one.muted_ms, one.place, one.untold)
                for one in waiting
            ),
            view,
        )
        if key != self._banner_key or not view.scripted:
            self._banner_key = key
            set_value(self._banner, alarms.banner(snapshot))
            self._arrange()
        set_value(self._heading, alarms.heading(view))
        self.tools.show(snapshot)
        set_value(self._list, snapshot.once("alarms", partial(alarm_list.listed, snapshot)))
        self._tell()
        if (
            self._limits is not None
            and self._limits_open
            and (probe := self._probe(self._limits.probe)) is not None
        ):
            self._limits.show(probe, view)

    def made(self, probe: Probe) -> Probe:
        """The same with those rules only whose widgets are made already, where they are shown."""
        here = (
            self._limits_open
            and self._limits is not None
            and self._limits.probe is not None
            and self._limits.probe.id == probe.id
        )
        return (
            probe._replace(rules=self._limits.made(probe.rules))
            if here and self._limits is not None
            else probe
        )

    def seen(self, probe_id: str) -> None:
        """Somebody has seen that a probe was silent."""
        ask = self._ask or without_hub

        def see() -> str:
            ask("/api/seen", {"probe_id": probe_id})
            return words.SEEN

        self._asks.go(SUBJECT, words.SEEING, see)

    def open_limits(self, probe_id: str) -> None:
        """Open the form for a probe's limits; for the one it is open for already, close it."""
        snapshot = self._snapshot
        probe = snapshot.by_id.get(probe_id) if snapshot else None
        if probe is None or snapshot is None:
            return
        if self._limits is None:
            self._limits = LimitsForm(self._kit, self._ask or without_hub, self._asks, self._close)
        same = self._limits_open and self._limits.probe is not None and self._limits.probe.id == probe_id
        self._opened, self._limits_open = False, not same
        if self._limits_open:
            self._limits.open(probe, snapshot.view)
        self._arrange()

    def _probe(self, known: Probe | None) -> Probe | None:
        return self._snapshot.by_id.get(known.id) if self._snapshot and known else None

    def open(self, number: int) -> None:
        """Open the form for an alarm that is live; for the one it is open for already, close it."""
        snapshot = self._snapshot
        one = (
            next((one for one in snapshot.alarms.live if one.alarm.no == number), None) if snapshot else None
        )
        if one is None or snapshot is None:
            return
        if self._form is None:
            self._form = AlarmForm(self._kit, self._ask or without_hub, self._asks, self._close)
        if self._opened and self._form.shown is not None and self._form.shown.alarm.no == number:
            self._close()
            return
        self._form.open(one, snapshot)
        self._opened, self._limits_open = True, False
        self._arrange()

    def unmute(self, number: int) -> None:
        """End a mute."""
        ask = self._ask or without_hub
        self._asks.go(SUBJECT, words.UNMUTING, lambda: unmute(ask, number))

    def _open_first(self) -> None:
        if self._snapshot is not None and (
            waiting := [one for one in self._snapshot.alarms.live if one.waits]
        ):
            self.open(waiting[0].alarm.no)

    def _close(self) -> None:
        self._opened = self._limits_open = False
        self._arrange()

    def _arrange(self) -> None:
        form = [self._form.widget] if self._form is not None and self._opened else []
        form += [self._limits.widget] if self._limits is not None and self._limits_open else []
        plain = self._snapshot is not None and not self._snapshot.view.scripted
        first = [self._answer] if plain and self._banner.value and not form else []
        set_children(
            self.top,
            [
                *([self._banner] if self._banner.value else []),
                *first,
                *form,
                *([self._said] if self._said.value else []),
            ],
        )

    def _tell(self) -> None:
        """What became of the last answer, for a while."""
        told = format.outcome(self._asks.outcomes.get(SUBJECT, ""))
        if (
            told
            and told == self._said.value
            and not self._asks.busy(SUBJECT)
            and monotonic_s() - self._said_s > SHOWN_S
        ):
            self._asks.outcomes.pop(SUBJECT, None)
            told = ""
        if told != self._said.value:
            self._said_s = monotonic_s()
            set_value(self._said, told)
            self._arrange()
