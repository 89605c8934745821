"""The way from *Settings* to everything that can be set or done: on this page by a link, on the hub's
computer by the name of its setting or command. Any thread; pure."""

import json
from collections.abc import Iterable

from .. import format, words

# Where each is on the page, and what is opened there.
PLACES = {
    "probes": ("th-probes", "list"),
    "limits": ("th-probes", "list"),
    "told": ("th-alarms", "tell"),
    "mute": ("th-alarms", "mute"),
    "files": ("th-chart-alt", "send"),
    "dates": ("th-chart-alt", "dates"),
    "remarks": ("th-chart-alt", "note"),
    "check": ("th-check", ""),
    "hub": ("th-hub", ""),
}
# What can be opened so: a toggle of the page, or its list of probes.
OPENED = frozenset(what for _, what in PLACES.values() if what)
# Settings and commands by what they are for; a test compares them with those there are.
SETTINGS = {
    "password": ("UI_PASSWORD", "SERVER_TOKEN", "TLS_CERT", "TLS_KEY", "TLS_PORT"),
    "address": ("HOST", "PORT", "PUBLIC_BASE", "ALLOWED_HOSTS", "TRUSTED_PROXIES", "INTERFACES"),
    "new": ("PROBE_TRUST", "DEFAULT_INTERVAL_MS"),
    "log": ("CSV_FILE", "CSV_STYLE", "DATA_DIR", "ARCHIVE_AFTER_DAYS"),
    "backup": ("BACKUP_DIR", "BACKUP_KEEP"),
    "reports": ("REPORTS_DIR", "REPORTS_LANGUAGE", "REPORTS_PAPER", "ALARMS_LANGUAGE"),
    "forward": (
        "MQTT_URL",
        "WEBHOOK_URL",
        "FORWARD_URL",
        "FORWARD_TOKEN",
        "SITE",
        "READ_FROM",
        "READ_TOKEN",
        "HEARTBEAT_URL",
        "HEARTBEAT_S",
    ),
    "computer": ("KEEP_AWAKE", "LOG_LEVEL"),
}
COMMANDS = {
    "board": ("flash",),
    "fleet": ("probes", "update", "trust", "release"),
    "values": ("calibrate", "thermocouple", "strike-out", "alarms"),
    "history": ("import", "export", "report", "forward"),
    "safe": ("backup", "restore"),
    "runs": ("doctor", "service", "firewall", "stop"),
    "demo": ("demo", "probe"),
}


def ways(*, all_places: bool = False) -> str:
    """Both lists. all_places: on the page of all places, where only times are chosen."""
    here = "".join(_here(key) for key in (("dates",) if all_places else PLACES))
    there = [_there(words.WAYS_SET[key], names) for key, names in SETTINGS.items()]
    there += [_there(words.WAYS_RUN[key], names, "temphub ") for key, names in COMMANDS.items()]
    return (
        f'<nav class="th-ways" aria-label="{format.safe(words.SETTINGS)}"><ul>{here}</ul></nav>'
        f'<details class="th-more th-ways"><summary>{format.safe(words.WAYS_COMPUTER)}</summary>'
        f"<p>{format.code(words.WAYS_HOW)}</p><ul>{''.join(there)}</ul></details>"
    )


def _here(key: str) -> str:
    place, opens = PLACES[key]
    title, told = words.WAYS[key]
    do = f' data-do="{format.safe(json.dumps({"go": opens}))}"' if opens else ""
    said = f'<span class="th-quiet">{format.safe(told)}</span>'
    return f'<li><a href="#{place}"{do}>{format.safe(title)}</a> {said}</li>'


def _there(told: list[str], names: Iterable[str], before: str = "") -> str:
    title, what = told
    named = " ".join(f"<code>{before}{name}</code>" for name in names)
    return (
        f'<li><b>{format.safe(title)}</b> <span class="th-quiet">{format.safe(what)}</span> '
        f'<span class="th-names">{named}</span></li>'
    )
