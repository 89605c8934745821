"""Ends that are told of alarms: a server that takes notifications as ntfy's public API describes it, and a
mail server."""

import base64
import json
from email import message_from_bytes, policy
from typing import Any

from aiosmtpd.controller import Controller

from support.web_end import Quiet, WebEnd

USER, PASSWORD = "anna", "s3cret-pass"


class Ntfy(WebEnd):
    """Takes `POST /` with JSON (topic, title, message) and basic authorisation, as docs.ntfy.sh "publish as
    JSON" has it.

    got: what was taken; asked: how many requests came; down: it answers 500; hold: cleared, it takes what
    comes and does not answer.
    """

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.asked = 0
        self.down = False
        ntfy = self

        class Handler(Quiet):
            def do_POST(self) -> None:
                said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                ntfy.asked += 1
                right = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
                if self.headers.get("Authorization") != right:
                    return self._answer(401, {"code": 40101, "http": 401, "error": "unauthorized"})
                if ntfy.down:
                    return self._answer(500, {"code": 50001, "http": 500, "error": "internal server error"})
                ntfy.got.append(said)
                ntfy.hold.wait(30)
                self._answer(200, {"id": f"m{ntfy.asked}", "time": 1, "event": "message", **said})

            def _answer(self, status: int, value: dict[str, Any]) -> None:
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        super().__init__(Handler)

    def url(self, password: str = PASSWORD) -> str:
        return f"ntfy://{USER}:{password}@127.0.0.1:{self.port}/cold-room"

    def titles(self) -> list[str]:
        return [one["title"] for one in self.got]


class Mail:
    """A mail server on the loopback interface. got: (from, to, subject, text)."""

    def __init__(self, port: int) -> None:
        self.got: list[tuple[str, list[str], str, str]] = []
        self._controller = Controller(self, hostname="127.0.0.1", port=port)
        self._controller.start()
        self.url = (
            f"mailto://127.0.0.1:{port}/?mode=insecure&from=hub@example.org&to=anna@example.org&format=text"
        )

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:
        said = message_from_bytes(envelope.content, policy=policy.default)
        text = said.get_body(("plain",)).get_content()
        self.got.append((envelope.mail_from, envelope.rcpt_tos, str(said["Subject"]), text))
        return "250 OK"

    def close(self) -> None:
        self._controller.stop()
