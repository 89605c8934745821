"""Web pages of others cannot write: what a browser says of where a request comes from. Any thread.

Programs and probes send neither Origin nor Sec-Fetch-Site and are not concerned.
"""

from urllib.parse import urlsplit

from tornado.httputil import HTTPHeaders

from ..base.errors import Forbidden, TempHubError

OWN = ("same-origin", "none")


def check_origin(headers: HTTPHeaders) -> None:
    """Raises TempHubError (403) when the request was made by a page of somebody else's."""
    site = headers.get("Sec-Fetch-Site")
    if site is not None and site not in OWN:
        raise _foreign(headers.get("Origin") or "another site")
    origin = headers.get("Origin")
    if origin is not None and not _same(origin, headers.get("Host", "")):
        raise _foreign(origin)


def check_plain_get(headers: HTTPHeaders) -> None:
    """The same for a GET that writes. Raises TempHubError (403).

    To an address without TLS a browser says nothing of where an image or a frame comes from. So what looks like a browser
    has to show that it is meant: by Sec-Fetch-Site, or by coming from a page of this hub.
    """
    check_origin(headers)
    if headers.get("Sec-Fetch-Site") is None and headers.get("User-Agent", "").startswith("Mozilla/"):
        came = headers.get("Referer")
        if came is None or not _same(came, headers.get("Host", "")):
            raise _foreign(came or "a page that does not say which")


def _same(origin: str, host: str) -> bool:
    try:
        parts = urlsplit(origin)
        wanted = urlsplit(f"{parts.scheme}://{host}")
        default = 443 if parts.scheme == "https" else 80
        here = (parts.hostname, parts.port or default), (wanted.hostname, wanted.port or default)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and here[0] == here[1]


def _foreign(origin: str) -> TempHubError:
    shown = "".join(char for char in origin[:80] if char.isprintable())
    return Forbidden(
        f"A web page of {shown} tried to change something in this hub, which only its own page may.",
        "Use the hub's own page, or a program such as curl; a probe needs nothing of this.",
        code="cross_site",
    )
