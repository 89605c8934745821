"""A web address of somebody else, with http or https, a password perhaps. One request at a time; `cut` from
any thread.

It does not use core.http: it speaks TLS, and whoever is there may be anywhere and have a name.
"""

import base64
import http.client
import socket
import ssl
import threading
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from ..core import TempHubError

TIMEOUT_S, LONGEST_TIMES = 15.0, 4
MOST_ANSWER = 64 * 1024


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
        connection = self._connection = self._open()
        # Time-outs count from byte to byte: who drips one now and then would hold this thread for hours.
        late = threading.Timer(LONGEST_TIMES * self._timeout_s, self.cut)
        late.start()
        try:
            path = (self._url.path or "/").rstrip("/" if below else "") + below
            query = f"?{self._url.query}" if self._url.query else ""
            connection.request(method, path + query, data, self._headers(kind if data is not None else ""))
            reply = connection.getresponse()
            reply.read(MOST_ANSWER)
            where = reply.headers.get("Location", "")
            said = (
                f"sends on to {where}"
                if 300 <= reply.status < 400
                else f"answers {reply.status} {reply.reason}"
            )
            return reply.status, said[:200]
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

    def _headers(self, kind: str) -> dict[str, str]:
        headers = {"User-Agent": "TempHub", "Connection": "close", **({"Content-Type": kind} if kind else {})}
        if self._url.username is None:
            return headers
        secret = f"{unquote(self._url.username)}:{unquote(self._url.password or '')}"
        return {**headers, "Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}

    def _unreachable(self, error: Exception) -> TempHubError:
        return TempHubError(
            f"{self._what} {self.shown} cannot be reached "
            f"({getattr(error, 'strerror', '') or str(error) or type(error).__name__}).",
            f"Check that it runs, or correct or remove {self._setting}.",
            code="unreachable",
        )
