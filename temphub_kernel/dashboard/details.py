"""HTML of the quieter parts: the list of probes, the hub's own panel, the page before the first probe. Any thread; pure."""

import ipaddress
from urllib.parse import urlsplit

from . import text, words
from .hubstate import Alert, Judgement
from .markup import badge, looks_like, shape, swatch
from .source import Probe, Snapshot
from .text import safe
from .view import View


def list_row(probe: Probe, outcome: str, view: View, now_ms: int, firmware: str = "") -> str:
    """Where a probe is, what it runs, when it was told where to deliver, and how the last 'provision now' ended."""
    record = probe.record
    parts = [_found(record)]
    if record.get("version"):
        newer = f" ({words.UPDATE_THERE.format(firmware)})" if firmware and record["version"] != firmware else ""
        parts.append(words.FIRMWARE.format(record["version"]) + newer)
    if record.get("interval_ms"):
        parts.append(text.every(int(record["interval_ms"])))
    told_ms = int(record.get("provisioned_ms") or 0)
    parts.append(words.PROVISIONED.format(view.at(told_ms, now_ms)) if told_ms else words.NEVER_PROVISIONED)
    if record.get("server_url"):
        # That it was told so is no proof that anything arrives.
        delivers = probe.state in ("online", "late", "fault")
        parts.append((words.DELIVERS_TO if delivers else words.TOLD_TO).format(record["server_url"]))
    parts.append(words.STANDINGS.get(str(record.get("trust")), ""))
    parts.append(_stated(probe, view))
    trouble, refused = "", probe.state == "refused"
    if record.get("problem"):
        trouble = f'<p class="th-problem">{text.code(str(record["problem"]))} {text.code(str(record.get("remedy") or ""))}</p>'
    said = f'<p class="th-outcome" role="status">{safe(outcome)}</p>' if outcome else ""
    sign = f'<span class="th-state th-is-refused">{shape("refused")}{safe(words.STATES["refused"])}</span>' if refused else ""
    hidden = f'<span class="th-badge">{safe(words.HIDDEN)}</span>' if probe.hidden else ""
    same = "" if probe.name == probe.id else f'<span class="th-quiet">{safe(probe.id)}</span>'
    return (
        f'<div class="th-row" data-probe="{safe(probe.id)}"><p class="th-row-head">{swatch(probe.colour)}'
        f'<span class="th-name">{safe(probe.name)}</span>{same}{badge(probe)}{hidden}{sign}{_links(record)}</p>'
        f'<p class="th-quiet">{" · ".join(safe(part) for part in parts if part)}</p>{looks_like(probe)}{trouble}{said}</div>'
    )


def _stated(probe: Probe, view: View) -> str:
    """That its value is corrected for a thermocouple, and how sure that is."""
    if probe.good is None:
        return ""
    told = [one for one in probe.stated if one.from_ms <= probe.good.taken_ms < one.to_ms]
    return words.STRAIGHT_ROW.format(told[0].type, view.off(told[0].off_c(probe.good.celsius))) if told else ""


def _found(record: dict[str, object]) -> str:
    if not record.get("ip"):
        return words.NO_ADDRESS
    return words.FOUND_BY.get(str(record.get("via")), "") if record.get("present") else words.GONE


def _links(record: dict[str, object]) -> str:
    links = []
    for path, label in (("whoami", words.WHOAMI), ("status", words.STATUS)):
        url = probe_url(record, path)
        if url:
            links.append(f'<a href="{safe(url)}" target="_blank" rel="noopener noreferrer">{label}</a>')
    if not links:
        return ""
    return f'<span class="th-links"><span class="th-address">{safe(record["ip"])}:{safe(record["port"])}</span>{"".join(links)}</span>'


def probe_url(record: dict[str, object], path: str) -> str:
    """A page of the probe itself; empty for an address that is none (it came over the network)."""
    try:
        address = ipaddress.ip_address(str(record.get("ip") or ""))
    except ValueError:
        return ""
    host = f"[{address}]" if address.version == 6 else str(address)
    return f"http://{host}:{int(str(record.get('port') or 80))}/{path}"


def hub_panel(snapshot: Snapshot, judged: Judgement) -> str:
    """Where the page and the files are, the hub's parts, its last problem. Empty when no hub ever ran here."""
    health = snapshot.health
    if not health:
        return ""
    # What a hub that is off last said of its parts is no news.
    parts = "" if judged.state == "stopped" else " ".join(_worker(worker) for worker in health.get("workers") or [])
    rows = [
        (words.ADDRESSES, " ".join(_address(str(url)) for url in health.get("urls") or [health.get("url", "")] if url)),
        (words.CSV_FILE, f"<code>{safe(health.get('csv_file', ''))}</code>"),
        (words.DATA_DIR, f"<code>{safe(health.get('data_dir', ''))}</code>"),
        (words.PARTS, parts),
        (words.LAST_PROBLEM, _last_problem(snapshot)),
        (words.VERSION, safe(health.get("version", ""))),
    ]
    shown = "".join(f"<div><dt>{safe(label)}</dt><dd>{value}</dd></div>" for label, value in rows if value)
    return f'<section class="th-panel th-hub-panel"><h2>{safe(words.HUB)}</h2><dl>{shown}</dl></section>'


def _address(url: str) -> str:
    if urlsplit(url).scheme not in ("http", "https"):
        return safe(url)
    return f'<a href="{safe(url)}">{safe(url)}</a>'


def _worker(worker: dict[str, object]) -> str:
    bad = bool(worker.get("problem")) or not worker.get("running", True)
    told = (words.WORKER_TROUBLED if bad else words.WORKER_WELL).format(worker.get("name", "?"))
    return f'<span class="th-part th-is-{"fault" if bad else "online"}">{shape("fault" if bad else "online")}{safe(told)}</span>'


def _last_problem(snapshot: Snapshot) -> str:
    health = snapshot.health
    if not health.get("problem"):
        return words.NO_PROBLEM
    at_ms = int(health.get("problem_ms") or 0)
    when = f'<span class="th-quiet">{snapshot.view.at(at_ms, snapshot.now_ms)}</span> ' if at_ms else ""
    return f"{when}{text.code(str(health['problem']))} {text.code(str(health.get('remedy') or ''))}"


def unread(problem: str, remedy: str) -> Alert:
    """The alert of a page that could not read the journal."""
    return Alert(problem, words.PAGE_RETRY.format(remedy))
