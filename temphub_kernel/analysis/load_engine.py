"""Readings of many places as a pandas frame, from the engine to which their hubs forward. Any thread.

They are read by the raw export of VictoriaMetrics (also behind vmselect), reading by reading: queries bridge
gaps and round times. Of a probe with corrected values the highest revision is what counts.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import tzinfo
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import unquote, urlencode, urlsplit, urlunsplit
from urllib.request import HTTPBasicAuthHandler, HTTPPasswordMgrWithPriorAuth, build_opener

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..core import TempHubError, now_ms
from . import columns, results

# The names of the series, as forward/engine/lines.py has them.
MATCH = '{{__name__=~"temphub_({fields})"{more}}}'
TIMEOUT_S = 60.0
AHEAD_MS = 3 * 86_400_000


class Series(NamedTuple):
    """One probe of one place: when, and °C; NaN where there is none, with what was the matter."""

    site: str
    probe_id: str
    taken_ms: npt.NDArray[np.int64]
    celsius: npt.NDArray[np.float64]
    quality: list[str | None]


def load(
    source: str,
    probe: str | Sequence[str] | None,
    span: tuple[int, int],
    zone: tzinfo,
    *,
    tidy: bool,
    raw: bool,
) -> pd.DataFrame:
    """As `load.load`, with the place beside each probe: columns (site, probe_id), or a column site. Raises
    TempHubError."""
    wanted = None if probe is None else {probe} if isinstance(probe, str) else set(probe)
    found = _series(_exported(source, span, wanted, raw), raw)
    return _tidy(found, zone) if tidy else _wide(found, zone)


def _wide(found: Sequence[Series], zone: tzinfo) -> pd.DataFrame:
    times = np.unique(np.concatenate([np.zeros(0, np.int64), *(one.taken_ms for one in found)]))
    values = np.full((len(found), len(times)), np.nan)
    for row, one in zip(values, found, strict=True):
        row[np.searchsorted(times, one.taken_ms)] = one.celsius
    heads = (
        pd.MultiIndex.from_tuples([(one.site, one.probe_id) for one in found], names=["site", "probe_id"])
        if found
        else pd.MultiIndex.from_arrays([[], []], names=["site", "probe_id"])
    )
    return results.Frame(values.T, index=columns.times_of(times, zone), columns=heads, copy=False)


def _tidy(found: Sequence[Series], zone: tzinfo) -> pd.DataFrame:
    taken_ms = np.concatenate([np.zeros(0, np.int64), *(one.taken_ms for one in found)])
    counts = [len(one.taken_ms) for one in found]
    frame = results.Frame(
        {
            "time": columns.times_of(taken_ms, zone),
            "site": pd.Categorical(np.repeat(np.array([one.site for one in found], object), counts)),
            "probe_id": pd.Categorical(np.repeat(np.array([one.probe_id for one in found], object), counts)),
            "temperature_c": np.concatenate([np.zeros(0), *(one.celsius for one in found)]),
            "quality": pd.Categorical([text for one in found for text in one.quality]),
        }
    )
    return frame.iloc[np.argsort(taken_ms, kind="stable")].reset_index(drop=True)


def _series(exported: Iterable[dict[str, Any]], raw: bool) -> list[Series]:
    """The probes by place and id."""
    parts: dict[tuple[str, str], dict[tuple[str, str], dict[int, float]]] = {}
    for one in exported:
        metric = one["metric"]
        field = metric["__name__"].removeprefix("temphub_")
        label = metric.get("quality") or metric.get("revision", "")
        # Two points of one moment are the same one, sent twice.
        points = dict(zip(one["timestamps"], one["values"], strict=True))
        key = metric.get("site", ""), metric.get("probe", "")
        parts.setdefault(key, {}).setdefault((field, label), {}).update(points)
    return [_one(*key, part, raw) for key, part in sorted(parts.items())]


def _one(site: str, probe_id: str, part: dict[tuple[str, str], dict[int, float]], raw: bool) -> Series:
    revisions = [int(label) for field, label in part if field == "corrected"]
    counts = ("corrected", str(max(revisions))) if revisions and not raw else ("celsius", "")
    values = part.get(counts, {})
    flagged = {ms: label for (field, label), points in part.items() if field == "flagged" for ms in points}
    taken = sorted(values.keys() | flagged.keys())
    return Series(
        site,
        probe_id,
        np.array(taken, np.int64),
        np.array([values.get(ms, np.nan) for ms in taken], float),
        [flagged.get(ms) for ms in taken],
    )


def _exported(
    source: str, span: tuple[int, int], probes: set[str] | None, raw: bool
) -> Iterator[dict[str, Any]]:
    """The lines of the export, one at a time. Raises TempHubError."""
    start_ms, end_ms = max(span[0], 0), min(span[1], now_ms() + AHEAD_MS)
    fields = "celsius|flagged" if raw else "celsius|flagged|corrected"
    ids = "" if probes is None else "|".join(one.replace(".", "[.]") for one in sorted(probes))
    more = "" if probes is None else f",probe=~{json.dumps(ids)}"
    asked = {
        "match[]": MATCH.format(fields=fields, more=more),
        "start": f"{start_ms / 1000:.3f}",
        "end": f"{(end_ms - 1) / 1000:.3f}",
    }
    shown, opener = _door(source)
    try:
        with opener.open(f"{shown}/api/v1/export?{urlencode(asked)}", timeout=TIMEOUT_S) as answer:
            for line in answer:
                yield json.loads(line)
    except HTTPError as error:
        with error:
            raise _refused(shown, f"answers {error.code} {error.reason}") from error
    except (OSError, ValueError) as error:
        why = getattr(error, "reason", "") or str(error) or type(error).__name__
        raise _refused(shown, f"gives no readings ({why})") from error


def _door(source: str) -> tuple[str, Any]:
    """(the address without name and password, what opens it)."""
    parts = urlsplit(source)
    with suppress(ValueError):
        if parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0):
            shown = urlunsplit(
                (parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", "")
            )
            book = HTTPPasswordMgrWithPriorAuth()
            if parts.username is not None:
                name, password = unquote(parts.username), unquote(parts.password or "")
                book.add_password(None, shown, name, password, is_authenticated=True)
            return shown, build_opener(HTTPBasicAuthHandler(book))
    raise TempHubError(
        f"The source {source.rpartition('@')[2][:200]!r} is no web address.",
        'Give the address of the engine, such as source="http://192.168.1.5:8428".',
        code="bad_source",
    )


def _refused(shown: str, why: str) -> TempHubError:
    return TempHubError(
        f"The engine {shown} {why}.",
        "Check that it runs and is VictoriaMetrics or its vmselect (…/select/0/prometheus), and that name "
        "and password stand in the address where it wants them.",
        code="bad_source",
    )
