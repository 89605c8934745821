"""What series are called in an engine and which of them a question is about, and what engines say of
themselves. Any thread; pure.

docs/fleet.md has them for people; `forward/engine/lines.py` writes them.
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from ..core import DAY_MS

if TYPE_CHECKING:
    from prometheus_client.samples import Sample

MEASUREMENT = "temphub"
# Readings: as sent, what is the matter with one, and as corrected.
READINGS = ("celsius", "flagged", "corrected")
# What means something in a pattern, and what makes it mean itself.
SIGN, BEFORE = re.compile(r"([.+*?()|\[\]{}^$\\])"), r"\\\1"
MOST_SITES = 100


def match(
    fields: Iterable[str],
    site: str | None = None,
    probes: Collection[str] | None = None,
    sites: Collection[str] | None = None,
) -> str:
    """The selector of series: of these fields, of one site or of some, and of these probes, or of all."""
    labels = [f'__name__=~"{MEASUREMENT}_({"|".join(fields)})"']
    if site is not None:
        labels.append(f"site={_text(site)}")
    # A question with more of them would be too long for an address.
    if sites is not None and len(sites) <= MOST_SITES:
        labels.append(f"site=~{_text('|'.join(SIGN.sub(BEFORE, one) for one in sorted(sites)))}")
    if probes is not None:
        labels.append(f"probe=~{_text('|'.join(SIGN.sub(BEFORE, one) for one in sorted(probes)))}")
    return f"{{{','.join(labels)}}}"


def _text(plain: str) -> str:
    return json.dumps(plain, ensure_ascii=False)


UNIT_MS = {"h": 3_600_000, "d": DAY_MS, "w": 7 * DAY_MS, "y": 365 * DAY_MS, "M": 31 * DAY_MS, "": 31 * DAY_MS}
# VictoriaMetrics' counters of what it let fall, and their reason; one that is not here is told as it is.
IGNORED = ("vm_rows_ignored_total", "vm_rows_invalid_total")
METRICS = ("flag", "process_start_time_seconds", *IGNORED)
IGNORED_FOR = {
    "small_timestamp": "too_old",
    "big_timestamp": "too_new",
    "nan_value": "refused_type",
    "influx": "refused",
}


def ignored_of(told: "Mapping[str, Iterable[Sample]]") -> dict[str, int]:
    """What an engine's counters say that it let fall, by reason."""
    found: dict[str, int] = {}
    for name in IGNORED:
        for one in told.get(name, ()):
            said = one.labels.get("reason") or one.labels.get("type") or name
            reason = IGNORED_FOR.get(said, said)
            # What other programs write in forms of their own is not readings of a hub.
            if one.value and (name == IGNORED[0] or said == "influx"):
                found[reason] = found.get(reason, 0) + int(one.value)
    return found


def metrics_of(text: str) -> "dict[str, list[Sample]]":
    """Of the text of /metrics what is asked for, by name. Raises ValueError for what is none."""
    # Only here: the page of all places has no use for it.
    from prometheus_client.parser import text_string_to_metric_families

    lines = [line for line in text.splitlines() if line.partition("{")[0].partition(" ")[0] in METRICS]
    found: dict[str, list[Sample]] = {}
    for family in text_string_to_metric_families("\n".join([*lines, ""])):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample)
    return found


def length_of(text: str) -> int:
    """What VictoriaMetrics's retentionPeriod means, in ms: months without a unit; 0 when it makes no
    sense."""
    met = re.fullmatch(r"([0-9.]+)([hdwMy]?)", text)
    return round(float(met[1]) * UNIT_MS[met[2]]) if met else 0


def influx_length(text: str) -> int:
    """`168h0m0s` in ms; 0 is for ever."""
    met = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", text)
    hours, minutes, seconds = (int(part or 0) for part in met.groups()) if met else (0, 0, 0)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000
