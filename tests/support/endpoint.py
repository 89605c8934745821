"""A real endpoint on a real journal, on a free port of the loopback interface."""

import http.client
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from temphub_kernel.api import Desk, Endpoint
from temphub_kernel.base.errors import TempHubError
from temphub_kernel.base.settings import Settings
from temphub_kernel.base.sighting import Sighting
from temphub_kernel.journal import RollUps, Writer

HEALTH = {"version": "0", "uptime_s": 1, "readings": 0, "csv_waiting": 0, "workers": [], "problem": "", "remedy": ""}


class Hub:
    """An endpoint under test and what it told the rest of the hub."""

    def __init__(self, data_dir: Path, token: str = "", page: tuple[str, int] | None = None, **more: Any) -> None:
        settings = Settings.from_environ({"DATA_DIR": str(data_dir), "HOST": "127.0.0.1", "SERVER_TOKEN": token})
        self.settings = replace(settings, port=0)
        self.journal = settings.journal_file
        self.met: list[Sighting] = []
        self.refused: list[str] = []
        self.writer = Writer(self.journal)
        self.writer.start()
        self.rollups = RollUps(self.journal, self.writer, every_s=0.2)
        self.rollups.start()
        desk = Desk(lambda: dict(HEALTH), self.met.append, self.refused.append, self.provision, self.update, self.identify)
        self.endpoint = Endpoint(self.settings, self.journal, self.writer, desk, page, **more)
        self.endpoint.start()
        self.port = self.endpoint.port

    def provision(self, host: str, port: int, interval_ms: int | None) -> dict[str, Any]:
        if host != "TempProbe-0096":
            raise TempHubError(f"No probe {host} is known.", "Check the name.", code="unknown_probe", status=404)
        return {"probe_id": host, "server_url": "http://127.0.0.1:8088", "interval_ms": interval_ms or 2000}

    def update(self, probe_id: str) -> dict[str, Any]:
        self.provision(probe_id, 80, None)
        return {"had": "0.0.9"}

    def identify(self, probe_id: str) -> None:
        self.provision(probe_id, 80, None)

    def stop(self) -> None:
        assert self.endpoint.stop()
        assert self.rollups.stop()
        assert self.writer.stop()

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        """(status, JSON or text) of one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
            connection.request(method, path, raw, headers or {})
            reply = connection.getresponse()
            text = reply.read()
            is_json = reply.headers.get("Content-Type", "").startswith("application/json")
            # A download that is no text is only looked at by its status here.
            return reply.status, json.loads(text) if is_json and text else text.decode(errors="replace")
        finally:
            connection.close()
