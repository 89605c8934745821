"""Probes that report themselves, which of them a person trusts, and their updates over the air. Endpoint
thread only."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ... import alarms
from ...core import (
    MAX_INTERVAL_MS,
    MIN_INTERVAL_MS,
    Forbidden,
    Sighting,
    TempHubError,
    board_of,
    is_here,
    iso_utc,
    leads_here,
    look_alikes,
    monotonic_s,
    now_ms,
    to_celsius,
    transient,
)
from ...journal import Newest, Reader
from ...trust import Proven, Repeated
from .. import base, replies, schemas


class Hello(base.ApiHandler):
    """`POST /api/hello`: a probe reports itself, so that a network which blocks multicast still works."""

    changes = False
    named_by = "id"

    def post(self) -> None:
        self._proven: Proven | None = None
        data = self._signed() or self.body()
        sighting = Sighting(
            probe_id=schemas.checked_id("id", data.get("id")),
            ip=schemas.address_field(data, default=self.request.remote_ip or ""),
            port=schemas.int_field(data, "port", 1, 65535, required=True),
            version=schemas.text_field(data, "version"),
            model=schemas.text_field(data, "model"),
            name=schemas.text_field(data, "name"),
            boot=schemas.text_field(data, "boot"),
            via="hello",
        )
        schemas.check_sensors(data)
        sent_ms = schemas.sent_field(data) if "sent_ms" in data else None
        if sighting.ip != self._address and is_here(sighting.ip) and not is_here(self._address):
            raise schemas.bad(
                "bad_ip",
                f"ip is {sighting.ip}, an address of the hub's own computer, and the request came from "
                "another.",
                "Send the probe's own IP address, or leave ip out.",
            )
        if self._proven is None and not self.room.token:
            self.room.names.admit(sighting.probe_id, self.request.remote_ip or "")
        if sent_ms is not None and sighting.boot:
            self.room.transit.hear(sighting.probe_id, sighting.boot, sent_ms, monotonic_s() * 1000)
        self.room.desk.met(sighting)
        self.reply({"ok": True, "time": iso_utc(now_ms())})

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, Repeated):
            self._proven = error.proven
        super().write_error(status_code, **kwargs)

    def finish(self, chunk: str | bytes | dict[str, Any] | None = None) -> Any:
        proven = getattr(self, "_proven", None)
        if proven is not None and isinstance(chunk, bytes):
            self.set_header("X-Signature", proven.reply(self.get_status(), chunk))
        return super().finish(chunk)

    def _signed(self) -> dict[str, Any] | None:
        """The body of a hello with a signature that is right; None for one without, which then needs the
        token. Raises TempHubError."""
        headers, body = self.request.headers, self.request.body
        try:
            data = schemas.parse_json(body)
        except TempHubError:
            # Whether a stranger learns that is the token's business.
            return None
        probe_id = data.get("id")
        if not isinstance(probe_id, str):
            return None
        self._proven = self.room.desk.register.admit(
            probe_id, "/api/hello", body, headers.get("X-Counter"), headers.get("X-Signature")
        )
        return data if self._proven is not None else None


class TrustProbe(base.ApiHandler):
    """`POST /api/trust`: a person says yes to a probe, or lets it go."""

    async def post(self) -> None:
        data = self.body()
        probe_id, yes = schemas.probe_field(data), data.get("trust", True)
        if not isinstance(yes, bool):
            raise schemas.bad(
                "bad_trust",
                f"trust is {schemas.short(yes)}.",
                "Send true to trust the probe, false to release it.",
            )
        device = await self.device(probe_id)
        await self.room.questions.talk(device, lambda: self.room.desk.trust(device, yes))
        await self.note()
        self.reply({"ok": True, "probe_id": probe_id})


class Manifest(base.ApiHandler):
    """`GET /api/firmware/manifest`; `?format=mpy` for a board."""

    async def get(self) -> None:
        board = self.choice("format", ("py", "mpy"), "Use mpy for a board, py for a virtual probe.") == "mpy"
        self.reply(
            (await self.room.questions.call(lambda: self.room.firmware.snapshot(board=board))).manifest
        )


class File(base.ApiHandler):
    """`GET /api/firmware/file?name=…`: only names in the manifest."""

    async def get(self) -> None:
        name = self.query("name")
        data = await self.room.questions.call(lambda: self.room.firmware.file(name))
        self.set_header("Content-Type", "application/octet-stream")
        self.finish(data)


class Update(base.ApiHandler):
    """`POST /api/update`: has one probe fetch this hub's firmware."""

    async def post(self) -> None:
        probe_id = schemas.probe_field(self.body())
        version = (await self.room.questions.call(self.room.firmware.snapshot)).version
        device = await self.device(probe_id)
        answer = await self.room.questions.talk(device, lambda: self.room.desk.update(device, self._sha256))
        await self.note()
        self.reply({"ok": True, "probe_id": probe_id, "version": version, **answer})

    def _sha256(self, board: bool) -> str:
        return str(self.room.firmware.snapshot(board=board).manifest["sha256"])


# Whom an order without a host goes to.
EVERY_PROBE = "The list of all probes"


class Probes(base.ApiHandler):
    """`GET /api/probes`"""

    async def get(self) -> None:
        desk = self.room.desk
        refused = desk.health().get("refused_probes") or ()
        # Thousands are written down in the question's thread, too: deliveries wait for this one.
        self.finish(
            await self.room.questions.ask(lambda reader: _listed(reader, refused, desk.register.standings()))
        )


class Provision(base.ApiHandler):
    """`POST /api/provision`: provisions one probe now, or without a host every known one."""

    may_be_empty = True

    async def post(self) -> None:
        data = self.body()
        host = schemas.host_field(data)
        port = schemas.int_field(data, "port", 1, 65535, default=0) or None
        interval_ms = (
            schemas.int_field(data, "interval_ms", MIN_INTERVAL_MS, MAX_INTERVAL_MS, default=0) or None
        )
        host = await self.device(host) if host else host
        outcomes = await self.room.questions.talk(
            host or EVERY_PROBE, lambda: self._tell(host, port, interval_ms)
        )
        await self.note()
        only = (
            {name: outcomes[0][name] for name in ("probe_id", "server_url", "interval_ms")}
            if host and len(outcomes) == 1
            else {}
        )
        self.reply({"ok": True, **only, "probes": outcomes})

    def _tell(self, host: str | None, port: int | None, interval_ms: int | None) -> list[dict[str, Any]]:
        """In a thread. Who shows nothing and asks from elsewhere has no ports of this computer looked at."""
        if host and self._by == "anyone" and not is_here(self._address) and leads_here(host):
            raise Forbidden(
                f"{host[:64]} is the hub's own computer, which is not searched for probes at the wish of "
                "another computer.",
                "Ask on the hub's computer itself, name the probe by its id, or send SERVER_TOKEN in the "
                "header X-Token.",
                code="own_computer",
            )
        return self.room.desk.provision(host, port, interval_ms)


def transients(
    probes: Iterable[dict[str, Any]], newest: Iterable[Newest], stand: Mapping[str, str]
) -> set[str]:
    """The ids that came once or a few times and did not come back (core/names.py)."""
    known = ({**probe, "trust": stand.get(board_of(probe["device"]))} for probe in probes)
    return transient(known, {one.probe_id: one for one in newest}, now_ms())


def _listed(reader: Reader, refused: Collection[str], stand: Mapping[str, str]) -> bytes:
    """The answer. Each probe by itself: no other thread goes on while Python writes one piece of JSON."""
    probes, newest = reader.probes(), reader.newest()
    of = {one.probe_id: one for one in newest}
    judged = alarms.standings(reader, probes, refused, now_ms(), of)
    gone = transients(probes, newest, stand)
    alike = look_alikes(probe for probe in probes if probe["id"] not in gone) | look_alikes(probes)
    told = (
        {
            **_probe(probe, of.get(probe["id"])),
            "trust": stand.get(board_of(probe["device"])),
            "transient": probe["id"] in gone,
            "looks_like": alike.get(probe["id"]),
            "standing": alarms.standing_json(judged[probe["id"]]),
        }
        for probe in probes
    )
    return b'{"ok":true,"probes":[' + b",".join(map(replies.dump, told)) + b"]}"


def _probe(probe: dict[str, Any], newest: Any) -> dict[str, Any]:
    seen = max(probe["seen_ms"], newest.delivered_ms if newest else 0)
    return {
        "id": probe["id"],
        "name": probe["alias"] or probe["name"] or probe["id"],
        "alias": probe["alias"],
        "group": probe["group"],
        "place": probe["place"],
        "hidden": bool(probe["hidden"]),
        "note": probe["note"],
        "power_on_counts": bool(probe["power_on_counts"]),
        "also": probe["also"],
        "host": probe["host"],
        "ip": probe["ip"],
        "port": probe["port"],
        "last_seen": iso_utc(seen) if seen else None,
        "version": probe["version"],
        "model": probe["model"],
        "virtual": probe["model"] == "virtual",
        "present": bool(probe["present"]),
        "interval_ms": probe["interval_ms"] or None,
        "server_url": probe["server_url"],
        "provisioned": iso_utc(probe["provisioned_ms"]) if probe["provisioned_ms"] else None,
        "problem": probe["problem"],
        "remedy": probe["remedy"],
        "taken": iso_utc(newest.taken_ms) if newest else None,
        "temperature_c": to_celsius(newest.units) if newest and newest.units is not None else None,
        "quality": newest.quality if newest else None,
        "readings": newest.readings if newest else 0,
    }
