"""How a probe is added, and what the hub itself sees of the network meanwhile. Any thread; pure."""

from typing import Any, NamedTuple

from ..base.six_only import REMEDY, in_words
from . import words
from .markup import shape
from .text import code, safe


class Seen(NamedTuple):
    """One thing that the hub sees. well: None when it says nothing about what is wrong."""

    text: str
    remedy: str = ""
    well: bool | None = None


def empty(health: dict[str, Any]) -> str:
    """The page before the first probe: what to do, and what the hub sees."""
    return (
        f'<section class="th-panel th-empty">{shape("waiting")}<h2>{safe(words.EMPTY_TITLE)}</h2>'
        f"<p>{safe(words.EMPTY_TEXT)}</p>{steps()}{sees(health)}</section>"
    )


def more(health: dict[str, Any]) -> str:
    """The same folded away, below a list of probes; only what seldom changes, since it would fold itself again."""
    told = f'<div class="th-empty">{steps()}{sees(health, counted=False)}</div>'
    return f'<details class="th-more"><summary>{safe(words.ADD_PROBE)}</summary>{told}</details>'


def steps() -> str:
    """What to do, one after the other."""
    return "<ol>" + "".join(f"<li><strong>{safe(title)}</strong> {code(told)}</li>" for title, told in words.EMPTY_STEPS) + "</ol>"


def sees(health: dict[str, Any], *, counted: bool = True) -> str:
    """What the hub sees, as a list; empty text when no hub says anything."""
    found = look(health, counted=counted)
    if not found:
        return ""
    rows = []
    for one in found:
        state = {True: "online", False: "fault", None: "waiting"}[one.well]
        remedy = f' <span class="th-quiet">{code(one.remedy)}</span>' if one.remedy else ""
        rows.append(f'<p class="th-seen th-is-{state}">{shape(state)}<span>{safe(one.text)}{remedy}</span></p>')
    return f'<div class="th-sees"><h3>{safe(words.SEES)}</h3>{"".join(rows)}</div>'


def look(health: dict[str, Any], *, counted: bool = True) -> list[Seen]:
    """The findings, from the note that the hub leaves; with numbers, or only whether there is something."""
    seen = _seen(health)
    if not seen:
        return []
    found = [_interfaces(seen)]
    refused = seen.get("refused")
    for address, reason in refused.items() if isinstance(refused, dict) else ():
        found.append(Seen(words.SEES_REFUSED.format(address, reason), words.SEES_REFUSED_REMEDY, False))
    adverts, hellos = _count(health, "adverts"), _count(health, "hellos")
    said = (words.SEES_SOME_ADVERTS, words.SEES_SOME_HELLOS)
    if counted:
        said = (words.SEES_ADVERTS.format(adverts), words.SEES_HELLOS.format(hellos))
    found.append(Seen(said[0], well=True) if adverts else Seen(words.SEES_NO_ADVERTS, words.SEES_NO_ADVERTS_REMEDY))
    found.append(Seen(said[1], well=True) if hellos else Seen(words.SEES_NO_HELLOS))
    lonely = seen.get("six_only")
    found += [Seen(in_words(str(one)), REMEDY, False) for one in (lonely if isinstance(lonely, list) else ())]
    if seen.get("last_error"):
        found.append(Seen(words.SEES_ERROR.format(seen["last_error"]), words.SEES_ERROR_REMEDY, False))
    return found


def _interfaces(seen: dict[str, Any]) -> Seen:
    listed = [str(address) for address in seen.get("interfaces") or []]
    if listed:
        return Seen(words.SEES_INTERFACES.format(", ".join(listed)), well=True)
    return Seen(words.SEES_NO_INTERFACE, words.SEES_NO_INTERFACE_REMEDY, False)


def _seen(health: dict[str, Any]) -> dict[str, Any]:
    seen = health.get("seen")
    return seen if isinstance(seen, dict) else {}


def _count(health: dict[str, Any], name: str) -> int:
    value = _seen(health).get(name)
    return value if type(value) is int else 0
