"""The one client of the hub's own API, for whatever is not the hub: a page's kernel, a notebook, a command,
the doctor. Any thread.

Each call waits for the hub's answer, and raises TempHubError in the hub's own words when it refuses, in those
of `Silence` when none answers.
"""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..core import Relayed, Settings, TempHubError, named, network, parse_time, read_key

Json = dict[str, Any]
# Ten thousand probes with all that is known of them are some 10 MB. An answer may come slowly, and not for
# ever.
MOST_BYTES, WHOLE_TIMES = 256 << 20, 4


class Silence(NamedTuple):
    """What a hub that does not answer within `timeout_s` means to who asks; `{url}` and `{error}` are filled
    in."""

    problem: str
    remedy: str
    timeout_s: float


TELLING = Silence(
    "No hub answers at {url} ({error}), so nothing was changed.",
    "Start the hub, or set PORT to the port it uses.",
    35.0,
)
LISTING = Silence(
    "No hub answers at {url} ({error}), so nothing is known of its probes.",
    "Start it with `temphub`, or set PORT and DATA_DIR to those of the hub that runs.",
    30.0,
)
# A page attaches to a hub that runs.
PAGE = Silence("The hub at {url} does not answer ({error}).", "Wait a few seconds and try again.", 15.0)
# What takes long by its nature.
IMPORT_S = 150.0
PATIENCE_S = {"/api/doctor": 70.0}


class HubClient:
    """The hub at `url`, else the one that the settings mean, on this computer. silence: see there."""

    def __init__(self, settings: Settings, url: str = "", silence: Silence = TELLING) -> None:
        self._settings = settings
        self._url = url or settings.local_url
        self._silence = silence

    def ask(self, path: str, body: Json | None = None, *, timeout_s: float | None = None) -> Json:
        """The hub's JSON answer; POST when there is a body."""
        wait_s = PATIENCE_S.get(path, self._silence.timeout_s) if timeout_s is None else timeout_s
        try:
            return self._answer(path, body, wait_s)
        except (OSError, ValueError) as error:
            words = (text.format(url=self._url, error=error) for text in self._silence[:2])
            raise TempHubError(*words, code="no_hub") from error

    # Probes.

    def probes(self) -> list[Json]:
        """Every probe, as `GET /api/probes` has it."""
        return list(self.ask("/api/probes")["probes"])

    def meant(self, text: str) -> str:
        """The id of the probe that a person means by an id or a name; `text` itself where the hub lists none,
        which may yet be an id."""
        return named(self.probes(), text) or text

    def firmware_version(self) -> str:
        """The version of the firmware that the hub brings."""
        return str(self.ask("/api/firmware/manifest")["version"])

    def update(self, probe_id: str) -> Json:
        """Have a probe fetch that firmware; which it `had` and which `version` it fetches."""
        return self.ask("/api/update", {"probe_id": probe_id})

    def trust(self, probe_id: str, *, yes: bool) -> None:
        """Say yes to a probe, or let it go."""
        self.ask("/api/trust", {"probe_id": probe_id, "trust": yes})

    def provision(self, probe_id: str) -> str:
        """Have a probe told where to deliver, now; what came of it, in words. Never raises."""
        try:
            answer = self.ask("/api/provision", {"host": probe_id})
        except TempHubError as error:
            return str(error)
        return (
            f"{probe_id} delivers to {answer.get('server_url', 'the hub')} every "
            f"{answer.get('interval_ms', 0) / 1000:g} s."
        )

    def remove(self, probe_ids: Sequence[str], *, back: bool = False) -> None:
        """Take probes out of every list, or back into them; their readings are kept."""
        self.ask("/api/remove", {"probe_ids": list(probe_ids), "restore": back})

    def remove_unnamed(self) -> int:
        """Take those out that came once or a few times and did not come back; how many."""
        return int(self.ask("/api/remove", {"unnamed": True})["removed"])

    def expect(self, count: int) -> None:
        """So many new probes are about to come."""
        self.ask("/api/expect", {"probes": count})

    def believe(self, probe_id: str, *, counts: bool) -> None:
        """Whether a probe's 85 °C count."""
        self.ask("/api/describe", {"probe_id": probe_id, "power_on_counts": counts})

    def merge(self, probe_id: str, into: str, *, overlap: bool = False) -> None:
        """Have a probe count as another."""
        self.ask("/api/merge", {"probe_id": probe_id, "into": into, "overlap": overlap})

    def unmerge(self, probe_id: str) -> None:
        """Have a probe count as itself again."""
        self.ask("/api/merge", {"probe_id": probe_id, "undo": True})

    # What a person says of readings.

    def calibrate(
        self, probe_id: str, points: Sequence[tuple[float, float]], from_ms: int | None = None, note: str = ""
    ) -> None:
        """Correct a probe's values from a time (None: now) on. points: (°C shown, true °C)."""
        body: Json = {"probe_id": probe_id, "points": [list(pair) for pair in points], "note": note}
        self.ask("/api/calibrate", body if from_ms is None else {**body, "from_ms": from_ms})

    def forget_calibration(self, number: int) -> None:
        """Take a calibration back."""
        self.ask("/api/calibrate", {"forget": number})

    def calibrations(self) -> list[Json]:
        """As `GET /api/calibrations` has them."""
        return list(self.ask("/api/calibrations")["calibrations"])

    def annotate(self, text: str, from_ms: int, to_ms: int | None = None, probe_id: str | None = None) -> int:
        """Keep a remark on a moment or range; its number."""
        body = {
            "text": text,
            "from_ms": from_ms,
            "to_ms": from_ms if to_ms is None else to_ms,
            "probe_id": probe_id,
        }
        return int(self.ask("/api/annotate", body)["number"])

    def strike_out(self, probe_id: str, from_ms: int, to_ms: int, note: str = "") -> int:
        """Have a probe's readings of a time, both ends included, not count; its number."""
        body = {"probe_id": probe_id, "from_ms": from_ms, "to_ms": to_ms, "note": note}
        return int(self.ask("/api/strike-out", body)["number"])

    def undo_strike_out(self, number: int) -> None:
        """Have what was struck out count again."""
        self.ask("/api/strike-out", {"undo": number})

    def undo_strike_outs_in(self, probe_id: str, from_ms: int, to_ms: int) -> list[int]:
        """Have everything of a probe that is struck out and touches [from_ms, to_ms] count again; the
        numbers."""
        spans = [
            (one["number"], parse_time(one["from"]), parse_time(one["to"]))
            for one in self.struck_out()
            if one["probe_id"] == probe_id
        ]
        numbers = [number for number, first, last in spans if first <= to_ms and last >= from_ms]
        for number in numbers:
            self.undo_strike_out(number)
        return numbers

    def struck_out(self) -> list[Json]:
        """As `GET /api/struck-out` has it."""
        return list(self.ask("/api/struck-out")["struck_out"])

    def state_thermocouple(self, probe_id: str, fields: Json) -> int:
        """Have a probe's numbers corrected; its number. fields: those of `POST /api/thermocouple`, None for
        what was not given."""
        given = {name: value for name, value in fields.items() if value is not None}
        return int(self.ask("/api/thermocouple", {"probe_id": probe_id, **given})["number"])

    def undo_thermocouple(self, number: int) -> None:
        """Have the numbers count as they were sent."""
        self.ask("/api/thermocouple", {"undo": number})

    def thermocouples(self) -> list[Json]:
        """As `GET /api/thermocouples` has them."""
        return list(self.ask("/api/thermocouples")["thermocouples"])

    # What was brought in from elsewhere.

    def take_in(self, folder: str) -> int:
        """Have the hub take in what an import wrote into a folder beside the journal; its number."""
        return int(self.ask("/api/import", {"folder": folder}, timeout_s=IMPORT_S)["number"])

    def undo_import(self, number: int) -> None:
        """Take an import back."""
        self.ask("/api/import", {"undo": number}, timeout_s=IMPORT_S)

    # Over the wire.

    def _answer(self, path: str, body: Json | None, timeout_s: float) -> Json:
        # Only here: a page's kernel asks when somebody presses a button, the page server never.
        from ..core import http

        data = None if body is None else json.dumps(body).encode()
        limit = http.Limit(timeout_s, timeout_s, timeout_s * WHOLE_TIMES)
        reply = http.exchange(
            "GET" if body is None else "POST", self._url + path, limit, MOST_BYTES, data, self._headers()
        )
        if not 200 <= reply.status < 300:
            raise self._refusal(reply.body, reply.status)
        return dict(json.loads(reply.body))

    def _headers(self) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "X-Token": self._settings.server_token,
            "User-Agent": network.AGENT,
        }
        if key := read_key(self._settings.data_dir):
            headers["Authorization"] = f"Bearer {key}"
        if visitor := network.VISITOR.get():
            headers[network.VISITOR_HEADER] = visitor
        return headers

    def _refusal(self, body: bytes, status: int) -> TempHubError:
        try:
            answer = json.loads(body)
            return Relayed(answer["problem"], answer["remedy"], code=answer["error"], status=status)
        except (ValueError, KeyError, TypeError):
            return TempHubError(
                f"The program at {self._url} refuses without saying why; it may not be the hub.",
                "Set PORT to the hub's port.",
            )
