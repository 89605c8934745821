"""A real endpoint on a real journal, on a free port of the loopback interface."""

import http.client
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tornado.httputil import HTTPHeaders, RequestStartLine

from temphub_kernel.alarms import Channels
from temphub_kernel.api import Desk, Endpoint
from temphub_kernel.api.access.auth import Entry
from temphub_kernel.api.access.rate_limit import FairShare
from temphub_kernel.api.access.security import Away, Guard
from temphub_kernel.core.errors import NotFound, TempHubError
from temphub_kernel.core.network import PagePlace
from temphub_kernel.core.reading import Sighting, board_of
from temphub_kernel.core.settings import Settings
from temphub_kernel.journal import RollUps, Writer
from temphub_kernel.trust import Trust

from .waiting import PATIENCE_S

HEALTH = {
    "version": "0",
    "uptime_s": 1,
    "readings": 0,
    "csv_waiting": 0,
    "workers": [],
    "problem": "",
    "remedy": "",
}


class Hub:
    """An endpoint under test and what it told the rest of the hub."""

    def __init__(
        self,
        data_dir: Path,
        token: str = "",
        page: tuple[str, int] | None = None,
        environ: dict[str, str] | None = None,
        port: int = 0,
        **more: Any,
    ) -> None:
        place = {"DATA_DIR": str(data_dir), "HOST": "127.0.0.1", "INTERFACES": "127.0.0.1"}
        settings = Settings.from_environ({**place, "SERVER_TOKEN": token, **(environ or {})})
        self.settings = replace(settings, port=port, tls_port=0)
        self.journal = settings.journal_file
        self.health = dict(HEALTH)
        self.met: list[Sighting] = []
        self.refused: list[str] = []
        self.refusals: list[tuple[str, str, str]] = []
        self.writer = Writer(self.journal)
        self.writer.start()
        self.rollups = RollUps(self.journal, self.writer, every_s=0.2)
        self.rollups.start()
        self.trust = Trust(data_dir, approve=settings.approve_probes)
        self.channels = Channels(data_dir)
        desk = Desk(
            lambda: dict(self.health),
            self.met.append,
            self.note_refusal,
            self.provision,
            self.update,
            self.identify,
            self.say_yes,
            self.trust,
            self.channels,
        )
        self.endpoint = Endpoint(
            self.settings,
            self.journal,
            self.writer,
            desk,
            (lambda: PagePlace(*page)) if page else None,
            **more,
        )
        try:
            self.endpoint.start()
        except TempHubError:
            self.stop()
            raise
        self.port = self.endpoint.port

    def note_refusal(self, address: str, probe_id: str, error: TempHubError) -> None:
        self.refusals.append((address, probe_id, error.code))
        if error.status == 401:
            self.refused.append(address)

    def provision(self, host: str | None, port: int | None, interval_ms: int | None) -> list[dict[str, Any]]:
        if host not in (None, "TempProbe-0096"):
            raise NotFound(f"No probe {host} is known.", "Check the name.", code="unknown_probe")
        told = {"server_url": "http://127.0.0.1:8088/api/ingest", "interval_ms": interval_ms or 2000}
        return [{"probe_id": "TempProbe-0096", "ok": True, "ip": "10.0.0.5", "port": port or 80, **told}]

    def update(self, probe_id: str, sha256: Callable[[bool], str]) -> dict[str, Any]:
        self.provision(probe_id, 80, None)
        assert len(sha256(False)) == 64
        return {"had": "0.0.9"}

    def identify(self, probe_id: str) -> None:
        self.provision(probe_id, 80, None)

    def say_yes(self, probe_id: str, yes: bool) -> None:
        self.provision(probe_id, 80, None)
        (self.trust.trust if yes else self.trust.release)(board_of(probe_id))

    def guard(self) -> Callable[..., str | None]:
        """Asks this hub's guard as if from any address: where it sends a browser, None when it lets it
        through."""
        guard = Guard(self.settings, Entry(self.settings), FairShare(), self.endpoint.tls_port)

        def ask(method: str, path: str, address: str, *, secure: bool) -> str | None:
            try:
                guard.check(
                    RequestStartLine(method, path, "HTTP/1.1"),
                    HTTPHeaders({"Host": "temphub.local"}),
                    address,
                    secure=secure,
                )
            except Away as away:
                return away.place
            return None

        return ask

    def stop(self) -> None:
        assert self.endpoint.stop()
        assert self.rollups.stop()
        assert self.writer.stop()

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, Any] | None = None
    ) -> tuple[int, Any]:
        """(status, JSON or text) of one request on a connection of its own."""
        status, said, text = self.whole(method, path, body, headers)
        is_json = said.get("Content-Type", "").startswith("application/json")
        # A download that is no text is only looked at by its status here.
        return status, json.loads(text) if is_json and text else text.decode(errors="replace")

    def whole(
        self, method: str, path: str, body: Any = None, headers: dict[str, Any] | None = None
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """(status, headers, body) of one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2 * PATIENCE_S)
        try:
            raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
            connection.request(method, path, raw, headers or {})
            reply = connection.getresponse()
            return reply.status, reply.headers, reply.read()
        finally:
            connection.close()
