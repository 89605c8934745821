"""Probes that report themselves, and which of them a person trusts. Endpoint thread only."""

from typing import Any

from ..base.clock import iso_utc, monotonic_s, now_ms
from ..base.errors import TempHubError
from ..base.sighting import Sighting
from ..base.this_computer import is_here
from ..trust import Proven, Repeated
from .fields import address_field, int_field, probe_field, text_field
from .handlers import ApiHandler
from .validate import bad, checked_id, parse_json, sent_field, short


class Hello(ApiHandler):
    """`POST /api/hello`: a probe reports itself, so that a network which blocks multicast still works."""

    changes = False
    named_by = "id"

    def post(self) -> None:
        self._proven: Proven | None = None
        data = self._signed() or self.body()
        sighting = Sighting(
            probe_id=checked_id("id", data.get("id")),
            ip=address_field(data, default=self.request.remote_ip or ""),
            port=int_field(data, "port", 1, 65535, required=True),
            version=text_field(data, "version"),
            model=text_field(data, "model"),
            name=text_field(data, "name"),
            boot=text_field(data, "boot"),
            via="hello",
        )
        if sighting.ip != self._address and is_here(sighting.ip) and not is_here(self._address):
            raise bad(
                "bad_ip",
                f"ip is {sighting.ip}, an address of the hub's own computer, and the request came from another.",
                "Send the probe's own IP address, or leave ip out.",
            )
        if self._proven is None and not self.room.token:
            self.room.names.admit(sighting.probe_id, self.request.remote_ip or "")
        if "sent_ms" in data and sighting.boot:
            self.room.transit.hear(sighting.probe_id, sighting.boot, sent_field(data), monotonic_s() * 1000)
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
        """The body of a hello with a signature that is right; None for one without, which then needs the token. Raises TempHubError."""
        headers, body = self.request.headers, self.request.body
        try:
            data = parse_json(body)
        except TempHubError:
            # Whether a stranger learns that is the token's business.
            return None
        probe_id = data.get("id")
        if not isinstance(probe_id, str):
            return None
        self._proven = self.room.desk.register.admit(probe_id, "/api/hello", body, headers.get("X-Counter"), headers.get("X-Signature"))
        return data if self._proven is not None else None


class TrustProbe(ApiHandler):
    """`POST /api/trust`: a person says yes to a probe, or lets it go."""

    async def post(self) -> None:
        data = self.body()
        probe_id, yes = probe_field(data), data.get("trust", True)
        if not isinstance(yes, bool):
            raise bad("bad_trust", f"trust is {short(yes)}.", "Send true to trust the probe, false to release it.")
        device = await self.device(probe_id)
        await self.room.questions.talk(device, lambda: self.room.desk.trust(device, yes))
        await self.note()
        self.reply({"ok": True, "probe_id": probe_id})
