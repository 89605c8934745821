"""At LOG_LEVEL=DEBUG a line for each request: method, path, status, address, milliseconds. Endpoint thread only.

Never what a query says, which may be a token; and of a page's visit only the first letters, because who knows it all may use it.
"""

import logging
import re
from collections.abc import Callable
from typing import Any

from tornado.httputil import HTTPConnection, HTTPHeaders, RequestStartLine, ResponseStartLine

from ..base.clock import monotonic_s

log = logging.getLogger(__name__)
NAME = re.compile(r"[A-Za-z_]{1,24}")
VISIT = re.compile(r"([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
LONGEST = 120


def watch(connection: HTTPConnection, line: RequestStartLine, address: str) -> None:
    """Have the line said when the answer begins."""
    began_s = monotonic_s()
    write: Callable[..., Any] = connection.write_headers

    def answered(start: ResponseStartLine, headers: HTTPHeaders, chunk: bytes | None = None) -> Any:
        say(line, start.code, address, began_s)
        return write(start, headers, chunk)

    connection.write_headers = answered  # type: ignore[method-assign, assignment]


def say(line: RequestStartLine, status: int | str, address: str, began_s: float) -> None:
    """The line itself."""
    log.debug("%s %s %s %s %.1f ms", shown(line.method)[:16], path_of(line.path), status, address, (monotonic_s() - began_s) * 1000)


def path_of(target: str) -> str:
    """A request's path with the names of what was asked, but none of the values."""
    path, question, query = target.partition("?")
    names = [part.partition("=")[0] for part in query.split("&") if "=" in part]
    told = "&".join(name for name in names if NAME.fullmatch(name))
    return VISIT.sub(r"\1…", shown(path))[:LONGEST] + (question + told)[:LONGEST]


def shown(text: str) -> str:
    """What came from outside, fit for a line of the log."""
    return "".join(char if char.isprintable() else "?" for char in text[: 4 * LONGEST])
