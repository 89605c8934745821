"""A web address of somebody else, with http or https, a password perhaps. One request at a time; `cut` from
any thread.

It does not use core.http: it speaks TLS, and whoever is there may be anywhere and have a name.
"""

import base64
import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from ..core import TempHubError

TIMEOUT_S, LONGEST_TIMES = 15.0, 4
MOST_ANSWER = 64 * 1024


class Answer(NamedTuple):
    """status; said: what it answers in words, for whoever takes no other than a 2xx; body: its beginning;
    html: whether it is a page for people; date_ms: the other side's clock, 0 where it does not say."""

    status: int
    said: str
    body: bytes = b""
    html: bool = False
    date_ms: int = 0


class Away(TempHubError):
    """Raised when nobody answers."""


class BrokenOff(Away):
    """Raised when who answers breaks off: whether it took anything is not known."""


TLS_REMEDY = (
    "Have it certified by an authority that this computer trusts, or name the file of its authority's "
    "certificate in SSL_CERT_FILE before the hub starts"
)


class WebAddress:
    """what: whose it is, for words (`The webhook`); setting: the variable that has it."""

    def __init__(self, url: str, what: str, setting: str, timeout_s: float = TIMEOUT_S) -> None:
        self._url = urlsplit(url)
        self._what = what
        self._setting = setting
        self._timeout_s = timeout_s
        self._connection: http.client.HTTPConnection | None = None

    @property
    def shown(self) -> str:
        """The address without its password and its query, which may hold a key."""
        host = self._url.netloc.rpartition("@")[2]
        return f"{self._url.scheme}://{host}{self._url.path}"

    def cut(self) -> None:
        """End the request under way."""
        # None under way is the usual case.
        with suppress(OSError, AttributeError):
            self._connection.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]

    def ask(
        self, method: str, data: bytes | None = None, *, below: str = "", kind: str = "application/json"
    ) -> tuple[int, str]:
        """(status, what it answers in words, for whoever takes no other than a 2xx). below: what is added to
        the path.

        A redirect is not followed: a POST would arrive as a GET without what it carries. Raises TempHubError
        when nobody answers.
        """
        path = (self._url.path or "/").rstrip("/" if below else "") + below
        query = f"?{self._url.query}" if self._url.query else ""
        answer = self.exchange(method, path + query, data, {"Content-Type": kind} if data is not None else {})
        return answer.status, answer.said

    def exchange(
        self,
        method: str,
        target: str,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        most: int = MOST_ANSWER,
    ) -> Answer:
        """The same for any path and query there, with the beginning of the answer, at most `most` bytes."""
        connection = self._connection = self._open()
        # Time-outs count from byte to byte: who drips one now and then would hold this thread for hours.
        late = threading.Timer(LONGEST_TIMES * self._timeout_s, self.cut)
        late.start()
        try:
            connection.request(method, target, data, {**self._headers(), **(headers or {})})
            return _read(connection.getresponse(), most)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._unreachable(error) from error
        finally:
            late.cancel()
            self._connection = None
            connection.close()
            late.join()

    def _open(self) -> http.client.HTTPConnection:
        host = self._url.hostname or ""
        if self._url.scheme == "https":
            return http.client.HTTPSConnection(
                host, self._url.port, timeout=self._timeout_s, context=ssl.create_default_context()
            )
        return http.client.HTTPConnection(host, self._url.port, timeout=self._timeout_s)

    def _headers(self) -> dict[str, str]:
        headers = {"User-Agent": "TempHub", "Connection": "close"}
        if self._url.username is None:
            return headers
        secret = f"{unquote(self._url.username)}:{unquote(self._url.password or '')}"
        return {**headers, "Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}

    def _unreachable(self, error: Exception) -> TempHubError:
        remedy = f"Check that it runs, or correct or remove {self._setting}."
        if isinstance(error, ssl.SSLCertVerificationError):
            why = f"this computer does not trust its certificate: {error.verify_message}"
            remedy = f"{TLS_REMEDY}, or correct {self._setting}."
        elif isinstance(error, ssl.SSLError):
            why = f"it does not speak TLS there: {error.reason or error}"
            remedy = f"Write http:// instead of https:// in {self._setting}, or the port that has TLS."
        elif isinstance(error, socket.gaierror):
            why = f"no computer of the name {self._url.hostname} is known here"
        else:
            why = getattr(error, "strerror", "") or str(error) or type(error).__name__
        kind = BrokenOff if isinstance(error, ConnectionResetError | BrokenPipeError) else Away
        return kind(f"{self._what} {self.shown} cannot be reached ({why}).", remedy, code="unreachable")


def _read(reply: http.client.HTTPResponse, most: int) -> Answer:
    body = reply.read(most)
    where = reply.headers.get("Location", "")
    said = f"sends on to {where}" if 300 <= reply.status < 400 else f"answers {reply.status} {reply.reason}"
    html = "html" in reply.headers.get("Content-Type", "") or body[:1] == b"<"
    try:
        date_ms = int(parsedate_to_datetime(reply.headers.get("Date", "")).timestamp() * 1000)
    except ValueError:
        date_ms = 0
    return Answer(reply.status, said[:200], body, html, date_ms)
