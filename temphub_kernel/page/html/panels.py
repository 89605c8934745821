"""HTML of the other parts: problems, the list of probes, the hub's panel, how a probe is added. Any thread;
pure."""

import ipaddress
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ...core import DAY_MS, IPV6_ONLY_REMEDY, ipv6_only_as_noted
from .. import format, probe_words, tongue, words
from ..choices import View
from ..data import Alert, Brought, Judgement, Probe, Site, Snapshot
from . import cards, states

# A row tells of so many imports; `temphub import --list` of all.
MOST_IMPORTS = 3


def alerts(found: list[Alert], view: View, now_ms: int) -> str:
    """Problems with their remedies; empty text when there are none."""
    rows = []
    for alert in found:
        since = words.PROBLEM_SINCE.format(view.at(alert.since_ms, now_ms)) if alert.since_ms else ""
        rows.append(
            f'<div class="th-alert" role="alert">{states.shape("fault")}<div><p class="th-problem">'
            f'{format.code(tongue.told(alert.problem))} <span class="th-quiet">{since}</span></p>'
            f'<p class="th-remedy">{format.code(tongue.told(alert.remedy))}</p></div></div>'
        )
    return "".join(rows)


def list_row(probe: Probe, outcome: str, view: View, now_ms: int, firmware: str = "") -> str:
    """Where a probe is, what it runs, when it was told where to deliver, and how the last 'provision now'
    ended."""
    record, told = probe.record, _told(probe, view, now_ms, firmware)
    trouble, refused = "", probe.state == "refused"
    if record.get("problem"):
        trouble = (
            f'<p class="th-problem">{format.code(tongue.told(record["problem"]))} '
            f"{format.code(tongue.told(record.get('remedy') or ''))}</p>"
        )
    said = format.outcome(outcome)
    sign = (
        f'<span class="th-state th-is-refused">{states.shape("refused")}'
        f"{format.safe(words.STATES['refused'])}"
        "</span>"
        if refused
        else ""
    )
    hidden = f'<span class="th-badge">{format.safe(probe_words.HIDDEN)}</span>' if probe.hidden else ""
    same = "" if probe.name == probe.id else f'<span class="th-quiet">{format.safe(probe.id)}</span>'
    return (
        f'<div class="th-row" data-probe="{format.safe(probe.id)}"><p '
        f'class="th-row-head">{cards.swatch(probe.colour)}'
        f'<span class="th-name">{format.safe(probe.name)}</span>{same}{cards.badge(probe)}{hidden}{sign}'
        f"{_links(record)}</p>"
        f'<p class="th-quiet">{" · ".join(format.safe(part) for part in told if part)}</p>'
        f"{cards.looks_like(probe)}"
        f"{trouble}{said}</div>"
    )


def _told(probe: Probe, view: View, now_ms: int, firmware: str) -> list[str]:
    """How it was found, what it runs, when it was told where to deliver, and how it and the hub stand to each
    other."""
    record = probe.record
    parts = [_found(record)]
    if record.get("version"):
        newer = (
            f" ({probe_words.UPDATE_THERE.format(firmware)})"
            if firmware and record["version"] != firmware
            else ""
        )
        parts.append(probe_words.FIRMWARE.format(record["version"]) + newer)
    if record.get("interval_ms"):
        parts.append(format.every(int(record["interval_ms"])))
    told_ms = int(record.get("provisioned_ms") or 0)
    parts.append(
        probe_words.PROVISIONED.format(view.at(told_ms, now_ms)) if told_ms else probe_words.NEVER_PROVISIONED
    )
    if record.get("server_url"):
        # That it was told so is no proof that anything arrives.
        delivers = probe.state in ("online", "late", "fault")
        parts.append(
            (probe_words.DELIVERS_TO if delivers else probe_words.TOLD_TO).format(record["server_url"])
        )
    parts.append(probe_words.STANDINGS.get(str(record.get("trust")), ""))
    parts.append(_stated(probe, view))
    return [*parts, *(_imported(one, view, now_ms) for one in record.get("imports", ())[:MOST_IMPORTS])]


def _imported(one: Brought, view: View, now_ms: int) -> str:
    readings = format.counted(probe_words.IMPORTED_READINGS, one.readings)
    return probe_words.IMPORTED.format(readings, one.name, view.at(one.made_ms, now_ms, to_second=False))


def _stated(probe: Probe, view: View) -> str:
    """That its value is corrected for a thermocouple, and how sure that is."""
    if probe.good is None:
        return ""
    told = [one for one in probe.stated if one.from_ms <= probe.good.taken_ms < one.to_ms]
    return (
        probe_words.STRAIGHT_ROW.format(told[0].type, view.off(told[0].off_c(probe.good.celsius)))
        if told
        else ""
    )


def _found(record: dict[str, object]) -> str:
    if not record.get("ip"):
        return probe_words.NO_ADDRESS
    return probe_words.FOUND_BY.get(str(record.get("via")), "") if record.get("present") else probe_words.GONE


def _links(record: dict[str, object]) -> str:
    links = []
    for path, label in (("whoami", probe_words.WHOAMI), ("status", probe_words.STATUS)):
        url = probe_url(record, path)
        if url:
            links.append(
                f'<a href="{format.safe(url)}" target="_blank" rel="noopener noreferrer">{label}</a>'
            )
    if not links:
        return ""
    address = f"{format.safe(record['ip'])}:{format.safe(record['port'])}"
    return f'<span class="th-links"><span class="th-address">{address}</span>{"".join(links)}</span>'


def probe_url(record: dict[str, object], path: str) -> str:
    """A page of the probe itself; empty for an address that is none (it came over the network)."""
    try:
        address = ipaddress.ip_address(str(record.get("ip") or ""))
    except ValueError:
        return ""
    host = f"[{address}]" if address.version == 6 else str(address)
    return f"http://{host}:{int(str(record.get('port') or 80))}/{path}"


def hub_panel(snapshot: Snapshot, judged: Judgement) -> str:
    """Where the page and the files are, the hub's parts, its last problem. Empty when no hub ever ran
    here."""
    health = snapshot.health
    if not health:
        return ""
    # What a hub that is off last said of its parts is no news.
    parts = (
        ""
        if judged.state == "stopped"
        else " ".join(_worker(worker) for worker in health.get("workers") or [])
    )
    waiting = int(health.get("csv_waiting") or 0)
    runs = judged.state != "stopped" and health.get("started_ms")
    rows = [
        (words.STORED, format.count(snapshot.stored)),
        (words.CSV_WAITING, format.count(waiting) if waiting else words.ALL_WRITTEN),
        (words.UPTIME, format.span(snapshot.now_ms - int(health["started_ms"])) if runs else ""),
        (
            words.ADDRESSES,
            " ".join(_address(str(url)) for url in health.get("urls") or [health.get("url", "")] if url),
        ),
        (words.CSV_FILE, f"<code>{format.safe(health.get('csv_file', ''))}</code>"),
        (words.DATA_DIR, f"<code>{format.safe(health.get('data_dir', ''))}</code>"),
        (words.PARTS, parts),
        (words.LAST_PROBLEM, _last_problem(snapshot)),
        (words.VERSION, format.safe(health.get("version", ""))),
    ]
    shown = "".join(
        f"<div><dt>{format.safe(label)}</dt><dd>{value}</dd></div>" for label, value in rows if value
    )
    head = f"<h2>{format.safe(words.HUB)}</h2>"
    return f'<section class="th-panel th-hub-panel" id="th-hub">{head}<dl>{shown}</dl></section>'


def _address(url: str) -> str:
    if urlsplit(url).scheme not in ("http", "https"):
        return format.safe(url)
    return f'<a href="{format.safe(url)}">{format.safe(url)}</a>'


def _worker(worker: dict[str, object]) -> str:
    bad = bool(worker.get("problem")) or not worker.get("running", True)
    told = (words.WORKER_TROUBLED if bad else words.WORKER_WELL).format(format.worker(worker))
    kind = "fault" if bad else "online"
    return f'<span class="th-part th-is-{kind}">{states.shape(kind)}{format.safe(told)}</span>'


def _last_problem(snapshot: Snapshot) -> str:
    health = snapshot.health
    if not health.get("problem"):
        return words.NO_PROBLEM
    at_ms = int(health.get("problem_ms") or 0)
    when = f'<span class="th-quiet">{snapshot.view.at(at_ms, snapshot.now_ms)}</span> ' if at_ms else ""
    problem, remedy = (tongue.told(health.get(name) or "") for name in ("problem", "remedy"))
    return f"{when}{format.code(problem)} {format.code(remedy)}"


def unread(problem: str, remedy: str) -> Alert:
    """The alert of a page that could not read the journal."""
    return Alert(problem, words.PAGE_RETRY.format(remedy))


class Seen(NamedTuple):
    """One thing that the hub sees. well: None when it says nothing about what is wrong."""

    text: str
    remedy: str = ""
    well: bool | None = None


def empty(health: dict[str, Any]) -> str:
    """The page before the first probe: what to do, and what the hub sees."""
    return (
        f'<section class="th-panel th-empty">{states.shape("waiting")}'
        f"<h2>{format.safe(words.EMPTY_TITLE)}</h2>"
        f"<p>{format.safe(words.EMPTY_TEXT)}</p>{steps()}{sees(health)}</section>"
    )


def no_places(asking: tuple[int, int] | None) -> str:
    """The page of all places before the first one sends, or before it is known which there are. asking: so
    many parts of the engine's answer are here, of how many."""
    title, text = words.NO_PLACES_TITLE, words.NO_PLACES
    if asking is not None:
        title, text = words.ASKING_TITLE, words.ASKING.format(*asking)
    return (
        f'<section class="th-panel th-empty">{states.shape("waiting")}'
        f"<h2>{format.safe(title)}</h2><p>{format.code(text)}</p></section>"
    )


def more(health: dict[str, Any]) -> str:
    """The same folded away, below a list of probes; only what seldom changes, since it would fold itself
    again."""
    told = f'<div class="th-empty">{steps()}{sees(health, counted=False)}</div>'
    return f'<details class="th-more"><summary>{format.safe(words.ADD_PROBE)}</summary>{told}</details>'


def steps() -> str:
    """What to do, one after the other."""
    return (
        "<ol>"
        + "".join(
            f"<li><strong>{format.safe(title)}</strong> {format.code(told)}</li>"
            for title, told in words.EMPTY_STEPS
        )
        + "</ol>"
    )


def sees(health: dict[str, Any], *, counted: bool = True) -> str:
    """What the hub sees, as a list; empty text when no hub says anything."""
    found = look(health, counted=counted)
    if not found:
        return ""
    rows = []
    for one in found:
        state = {True: "online", False: "fault", None: "waiting"}[one.well]
        remedy = f' <span class="th-quiet">{format.code(one.remedy)}</span>' if one.remedy else ""
        rows.append(
            f'<p class="th-seen th-is-{state}">{states.shape(state)}'
            f"<span>{format.safe(one.text)}{remedy}</span></p>"
        )
    return f'<div class="th-sees"><h3>{format.safe(words.SEES)}</h3>{"".join(rows)}</div>'


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
    found.append(
        Seen(said[0], well=True) if adverts else Seen(words.SEES_NO_ADVERTS, words.SEES_NO_ADVERTS_REMEDY)
    )
    found.append(Seen(said[1], well=True) if hellos else Seen(words.SEES_NO_HELLOS))
    lonely = seen.get("six_only")
    found += [
        Seen(ipv6_only_as_noted(str(one)), IPV6_ONLY_REMEDY, False)
        for one in (lonely if isinstance(lonely, list) else ())
    ]
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


MOST_PLACES = 20
MONTH_MS = 30 * DAY_MS


def worst(snapshot: Snapshot) -> str:
    """The worst of them as a table; empty text on a hub's own page."""
    if snapshot.sites is None:
        return ""
    heading = cards.heading(words.PLACES, words.PLACES_OVER)
    missing = _quiet(words.PLACES_MISSING, snapshot.missing)
    if not snapshot.sites:
        return heading + (missing or f'<p class="th-quiet">{format.safe(words.PLACES_NONE)}</p>')
    columns = words.PLACES_COLUMNS
    head = "".join(f'<th scope="col">{format.safe(name)}</th>' for name in columns)
    rows = "".join(_place(one, columns, snapshot.view) for one in snapshot.sites[:MOST_PLACES])
    rest = _quiet(words.AND_MORE, len(snapshot.sites) - MOST_PLACES)
    table = f'<table class="th-stats"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
    return f"{heading}{table}{rest}{missing}"


def _quiet(texts: tuple[str, str], number: int) -> str:
    return f'<p class="th-quiet">{format.safe(format.counted(texts, number))}</p>' if number > 0 else ""


def _place(one: Site, columns: tuple[str, ...], view: View) -> str:
    beyond = words.NOTHING
    if one.beyond_s is not None:
        share = one.beyond_s / one.measured_s if one.measured_s else 0.0
        beyond = words.SHARE.format(format.span(round(one.beyond_s * 1000)), format.percent(share))
    measured_ms = round(one.measured_s * 1000)
    # As 30 days, what lacks seconds of them.
    shown_ms = measured_ms if measured_ms < 2 * DAY_MS else round(measured_ms / DAY_MS) * DAY_MS
    told = words.SHARE.format(format.span(shown_ms), format.percent(measured_ms / MONTH_MS))
    cells = (format.safe(one.name), beyond, view.degrees(one.high), view.degrees(one.low), told)
    shown = "".join(
        f'<td data-label="{format.safe(name)}">{cell}</td>'
        for name, cell in zip(columns[1:], cells, strict=True)
    )
    return f'<tr><th scope="row">{format.safe(one.site)}</th>{shown}</tr>'
