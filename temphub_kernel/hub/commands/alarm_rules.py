"""`temphub alarms`: what it tells the running hub about rules. Main thread."""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ...core import TempHubError
from ..client import HubClient

Say = Callable[[str], None]
Work = Callable[[HubClient, argparse.Namespace, Say], None]


def add_rule_options(add: Callable[..., object]) -> None:
    """What `temphub alarms` takes for rules. add: of the group of which one may be given."""
    add("--rules", action="store_true", help="list the rules")
    add("--sets", action="store_true", help="list the ready-made sets of rules")
    add("--add-set", metavar="SET", help="give a --probe or --group the rules of a set, such as refrigerator")
    add(
        "--add",
        metavar="JSON",
        help='a rule, such as \'{"kind": "above", "limit_c": 8}\', or a file with one',
    )
    add("--change", nargs=2, metavar=("N", "JSON"), help="put another rule in the place of rule N")
    add(
        "--preview",
        metavar="JSON",
        help="what a rule, or the rule with that number, would have told of the last --days",
    )
    add("--switch-on", type=int, metavar="N", help="switch rule N on")
    add("--switch-off", type=int, metavar="N", help="switch rule N off")
    add("--delete", type=int, metavar="N", help="delete rule N; the alarms that it gave are kept")


def _rules(hub: HubClient, _options: argparse.Namespace, say: Say) -> None:
    found = hub.ask("/api/rules")["rules"]
    for one in found:
        say(f"{one['number']:>4}  {rule_in_words(one['rule'])}")
    if not found:
        say(
            "There is no rule. Give a refrigerator its own with: temphub alarms --add-set refrigerator "
            "--probe ID"
        )


def rule_in_words(rule: dict[str, Any]) -> str:
    """A line for a person."""
    where = ", ".join(rule.get("probes", [])) or (
        f"group {rule['group']}" if rule.get("group") else "all probes"
    )
    limit = f" {rule['limit_c']:g} °C" if "limit_c" in rule else ""
    change = f" by {rule['change_c']:g} °C in {rule['within_min']:g} min" if "change_c" in rule else ""
    delay = f" for {rule['delay_min']:g} min" if rule.get("delay_min") else ""
    off = "" if rule.get("enabled", True) else "  (off)"
    return (
        f"{rule['severity']:8}  {where}: {rule['kind']}{limit}{change}{delay}  {rule.get('name', '')}{off}"
    ).rstrip()


def _sets(hub: HubClient, _options: argparse.Namespace, say: Say) -> None:
    for one in hub.ask("/api/rules/sets")["sets"]:
        say(f"{one['name']}: {', '.join(rule.get('name') or rule['kind'] for rule in one['rules'])}")


def _add_set(hub: HubClient, options: argparse.Namespace, say: Say) -> None:
    place = {"group": options.group} if options.group else {"probes": ids_of(hub, options.probe)}
    answer = hub.ask("/api/rules/from-set", {"set": options.add_set, "by": options.by, **place})
    say(
        f"{answer['made']} rules were made; {len(answer['numbers'])} of {options.add_set} are in force. See: "
        "temphub alarms --rules"
    )


def _add(hub: HubClient, options: argparse.Namespace, say: Say) -> None:
    answer = hub.ask("/api/rules", {"rule": _placed(hub, _json(options.add), options), "by": options.by})
    say(f"Rule {answer['number']} is kept.")


def _change(hub: HubClient, options: argparse.Namespace, say: Say) -> None:
    number, text = options.change
    answer = hub.ask(
        "/api/rules",
        {"number": _number(number), "rule": _placed(hub, _json(text), options), "by": options.by},
    )
    say(f"Rule {answer['number']} is changed.")


def _preview(hub: HubClient, options: argparse.Namespace, say: Say) -> None:
    text = options.preview.strip()
    if text.isdecimal():
        rule = next(
            (one["rule"] for one in hub.ask("/api/rules")["rules"] if one["number"] == int(text)), None
        )
        if rule is None:
            raise TempHubError(
                f"There is no rule with the number {text[:20]}.",
                "Use a number that `temphub alarms --rules` lists.",
            )
    else:
        rule = _placed(hub, _json(text), options)
    answer = hub.ask("/api/rules/preview", {"rule": rule, "days": options.days})
    say(f"In the last {answer['days']:g} days: {answer['text']}.")
    for one in answer["excursions"]:
        until = short(one["cleared"]) if one["cleared"] else "now"
        say(f"      {one['probe_id']}  {short(one['since'])} to {until}, worst {one['worst_c']:.1f} °C")


def _switch(hub: HubClient, options: argparse.Namespace, say: Say) -> None:
    on = options.switch_on is not None
    number = options.switch_on if on else options.switch_off
    hub.ask("/api/rules", {"number": number, "enabled": on, "by": options.by})
    say(f"Rule {number} is switched {'on' if on else 'off'}.")


def _delete(hub: HubClient, options: argparse.Namespace, say: Say) -> None:
    hub.ask("/api/rules", {"delete": options.delete, "by": options.by})
    say(f"Rule {options.delete} is deleted; the alarms that it gave are kept.")


# option -> what it does
RULE_WORKS: dict[str, Work] = {
    "rules": _rules,
    "sets": _sets,
    "add_set": _add_set,
    "add": _add,
    "change": _change,
    "preview": _preview,
    "switch_on": _switch,
    "switch_off": _switch,
    "delete": _delete,
}


def ids_of(hub: HubClient, texts: Sequence[str]) -> list[str]:
    """The ids of probes given by id or name. Raises TempHubError."""
    if not texts:
        raise TempHubError(
            "Neither a probe nor a group was given, so no rule was made.", "Give --probe ID, or --group NAME."
        )
    return [hub.meant(text) for text in texts]


def _placed(hub: HubClient, rule: Any, options: argparse.Namespace) -> Any:
    """A rule with the probes or the group that were given beside it."""
    if options.probe and isinstance(rule, dict):
        return {**rule, "probes": ids_of(hub, options.probe)}
    return {**rule, "group": options.group} if options.group and isinstance(rule, dict) else rule


def _json(text: str) -> Any:
    try:
        # Who types a rule in a console of Windows fights with its quotation marks.
        return json.loads(
            text if text.lstrip().startswith("{") else Path(text).read_text(encoding="utf-8-sig")
        )
    except (ValueError, OSError) as error:
        raise TempHubError(
            f"{text[:60]!r} is neither a rule as JSON nor a file with one ({error}), so nothing was changed.",
            'Give a rule such as \'{"kind": "above", "limit_c": 8, "delay_min": 30}\', or the name of a file '
            "that holds it.",
        ) from error


def _number(text: str) -> int:
    if not text.isdecimal():
        raise TempHubError(
            f"{text[:20]!r} is no number of a rule.", "Use a number that `temphub alarms --rules` lists."
        )
    return int(text)


def short(time: str) -> str:
    """A time of the API for a person: to the minute, UTC."""
    return f"{time[:16]}Z"
