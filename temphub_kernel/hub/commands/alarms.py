"""`temphub alarms`: what is the matter, and what is told to the running hub about it. Main thread."""

import argparse
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from ...core import Settings, TempHubError
from ..client import HubClient
from .alarm_rules import RULE_WORKS, Say, Work, add_rule_options, ids_of, short

# What sends has 30 s, and may have to wait for a place.
TEST_S = 45.0


def add_options(parser: argparse.ArgumentParser) -> None:
    """What `temphub alarms` takes."""
    what = parser.add_mutually_exclusive_group()
    _add_alarm_options(what.add_argument)
    add_rule_options(what.add_argument)
    _add_channel_options(what.add_argument)
    parser.add_argument("--comment", "--note", default="", metavar="TEXT", help="such as 'closed the door'")
    parser.add_argument(
        "--action", default="", metavar="TEXT", help="the corrective action, such as 'moved the goods'"
    )
    parser.add_argument("--by", default="", metavar="NAME", help="who does it")
    parser.add_argument(
        "--probe",
        action="append",
        default=[],
        metavar="ID",
        help="a probe's id or name; may be given several times; of a list, theirs",
    )
    parser.add_argument("--group", default="", help="a group of probes; of a list, those of it")
    parser.add_argument(
        "--severity", default="", choices=("warning", "critical"), help="of a list, those of it"
    )
    parser.add_argument("--rule", type=int, metavar="N", help="of --mute and --maintenance: this rule only")
    parser.add_argument("--days", type=float, default=30, help="of --preview (default 30)")


def _add_alarm_options(add: Callable[..., object]) -> None:
    add("--all", action="store_true", help="list those of the last 30 days, too, and what happened to each")
    add(
        "--find", metavar="WORD", help="the same of those with a word in place, rule, comment, action or name"
    )
    add("--acknowledge", type=int, metavar="N", help="take care of alarm N: nobody else is told any more")
    add("--act", type=int, metavar="N", help="write down with --action what was done about alarm N")
    add("--say", type=int, metavar="N", help="say something of alarm N with --comment")
    add("--close", type=int, metavar="N", help="close alarm N, which is over")
    add(
        "--mute",
        type=int,
        metavar="MIN",
        help="tell nobody for MIN minutes: of a --probe, a --group, a --rule, or of all",
    )
    add(
        "--maintenance",
        type=int,
        metavar="MIN",
        help="the same, and what happens meanwhile needs no acknowledgement",
    )
    add("--unmute", type=int, metavar="N", help="end mute or maintenance number N now")


def _add_channel_options(add: Callable[..., object]) -> None:
    add("--channels", action="store_true", help="list by whom alarms are told")
    add("--channel", nargs=2, metavar=("NAME", "URL"), help="tell alarms by ntfy://…, mailto://… or the like")
    add("--test", metavar="NAME", help="send something by that channel now")
    add("--remove-channel", metavar="NAME", help="tell nothing by that channel any more")


def run(settings: Settings, options: argparse.Namespace, say: Say) -> None:
    """`temphub alarms`. Raises TempHubError."""
    hub = HubClient(settings)
    for name, work in WORKS.items():
        if getattr(options, name) not in (None, False, ""):
            work(hub, options, say)
            return
    _list(hub, options, say)


def _list(hub: HubClient, options: argparse.Namespace, say: Say) -> None:
    every = options.all or bool(options.find)
    chosen = {
        "state": "" if every else "live",
        "group": options.group,
        "text": options.find or "",
        "severity": options.severity,
    }
    answer = hub.ask(f"/api/alarms?{urlencode({name: value for name, value in chosen.items() if value})}")
    ids = set(ids_of(hub, options.probe)) if options.probe else None
    found = [one for one in answer["alarms"] if ids is None or ids & set(one["probe_ids"])]
    for alarm in found:
        say(in_words(alarm))
        for event in alarm["events"] if every else ():
            by, text = (
                f" by {event['by']}" if event["by"] else "",
                f": {event['text']}" if event["text"] else "",
            )
            say(f"        {short(event['time'])}  {event['what']}{by}{text}")
    for one in answer["pending"]:
        say(
            f"      {one['probe_id']} is beyond the limit of rule {one['rule']} since {short(one['since'])}; "
            "not an alarm yet."
        )
    for one in answer["mutes"]:
        where = one["probe_id"] or one["group"] or (f"rule {one['rule']}" if one["rule"] else "everything")
        say(
            f"{one['number']:>4}  {one['kind']} of {where} until {short(one['until'])}. End it: temphub "
            f"alarms --unmute {one['number']}"
        )
    if not found:
        say(
            "There is no such alarm."
            if every
            else "No alarm is live. Those of the last 30 days: temphub alarms --all"
        )


def in_words(alarm: dict[str, Any]) -> str:
    """A line for a person."""
    until = f"over since {short(alarm['cleared'])}" if alarm["cleared"] else "still going on"
    said = (
        f"; acknowledged by {alarm['acknowledged_by']}"
        if alarm["acknowledged"]
        else "; not acknowledged"
        if alarm["live"]
        else ""
    )
    more = "; ".join(filter(None, [alarm["comment"], alarm["action"]]))
    lacks = (
        "; an action has to be written down"
        if alarm["live"] and alarm["action_required"] and not alarm["action"]
        else ""
    )
    late = " (known from late readings)" if alarm["past"] else ""
    head = (
        f"{alarm['number']:>4}  {alarm['severity'].upper():8}  {alarm['text']}{late} since "
        f"{short(alarm['since'])}, {until}"
    )
    return f"{head}{said}{lacks}{f' ({more})' if more else ''}"


def _acknowledge(hub: HubClient, options: argparse.Namespace, say: Say) -> None:
    _told(
        hub, say, "acknowledge", {"number": options.acknowledge, "comment": options.comment, "by": options.by}
    )


def _act(hub: HubClient, options: argparse.Namespace, say: Say) -> None:
    action = options.action or options.comment
    if not action.strip():
        proposed = ", ".join(f"'{one}'" for one in hub.ask("/api/alarms?state=live")["actions"][:3])
        raise TempHubError(
            "It was not said what was done, so nothing was written down.",
            f"Give --action, such as {proposed}.",
        )
    _told(hub, say, "act", {"number": options.act, "action": action, "by": options.by})


def _say(hub: HubClient, options: argparse.Namespace, say: Say) -> None:
    _told(hub, say, "comment", {"number": options.say, "text": options.comment, "by": options.by})


def _close(hub: HubClient, options: argparse.Namespace, say: Say) -> None:
    _told(hub, say, "close", {"number": options.close, "comment": options.comment, "by": options.by})


def _told(hub: HubClient, say: Say, what: str, body: dict[str, Any]) -> None:
    answer = hub.ask(f"/api/alarms/{what}", body)
    closed = (
        "closed" if not answer["live"] else "acknowledged" if answer["acknowledged"] else "not acknowledged"
    )
    say(f"Alarm {answer['number']} is {answer['state']} and {closed}.")


def _mute(hub: HubClient, options: argparse.Namespace, say: Say) -> None:
    what = "mute" if options.mute is not None else "maintenance"
    body: dict[str, Any] = {"minutes": getattr(options, what), "note": options.comment, "by": options.by}
    if len(options.probe) > 1:
        raise TempHubError(
            f"{len(options.probe)} probes were given, so nothing was muted.",
            "Mute one --probe at a time, or a --group.",
        )
    body |= {"probe_id": hub.meant(options.probe[0])} if options.probe else {}
    body |= {"group": options.group} if options.group else {}
    body |= {"rule": options.rule} if options.rule is not None else {}
    number = hub.ask(f"/api/alarms/{what}", body)["number"]
    say(f"Nobody is told for {body['minutes']} min. End it with: temphub alarms --unmute {number}")


def _unmute(hub: HubClient, options: argparse.Namespace, say: Say) -> None:
    hub.ask("/api/alarms/unmute", {"number": options.unmute, "by": options.by})
    say(f"Number {options.unmute} is over: what goes on is told.")


def _channels(hub: HubClient, _options: argparse.Namespace, say: Say) -> None:
    found = hub.ask("/api/channels")["channels"]
    for one in found:
        waits = f"; {one['waiting']} messages wait" if one["waiting"] else ""
        why = f" ({one['problem']})" if one["problem"] else ""
        say(f"{one['name']}: {one['kind']}, {one['shown']}{waits}{why}")
    if not found:
        say(
            "Nobody is told of alarms. Tell a phone with: temphub alarms --channel Anna "
            "ntfy://ntfy.sh/a-topic-of-your-own"
        )


def _channel(hub: HubClient, options: argparse.Namespace, say: Say) -> None:
    name, url = options.channel
    answer = hub.ask("/api/channels", {"name": name, "url": url})
    say(
        f"Alarms are told to {answer['name']} by {answer['kind']}, {answer['shown']}. Try it: temphub alarms "
        f"--test {answer['name']}"
    )


def _test(hub: HubClient, options: argparse.Namespace, say: Say) -> None:
    say(str(hub.ask("/api/channels/test", {"name": options.test}, timeout_s=TEST_S)["told"]))


def _remove_channel(hub: HubClient, options: argparse.Namespace, say: Say) -> None:
    name = hub.ask("/api/channels", {"remove": options.remove_channel})["name"]
    say(f"Nothing is told by {name} any more.")


WORKS: dict[str, Work] = {
    **RULE_WORKS,
    "acknowledge": _acknowledge,
    "act": _act,
    "say": _say,
    "close": _close,
    "mute": _mute,
    "maintenance": _mute,
    "unmute": _unmute,
    "channels": _channels,
    "channel": _channel,
    "test": _test,
    "remove_channel": _remove_channel,
}
