"""What asks for something that is not here gets words: JSON for programs, a small page for browsers. Endpoint
thread only."""

from html import escape

from tornado.httputil import HTTPConnection, HTTPHeaders

from ..core import NotFound, Relayed, TempHubError
from ..language import in_words, spoken_by, texts_of
from .plain_page import plain_page
from .replies import COMMON, FORM_CSP, Early, MethodNotAllowed, begin, begin_error

VOILA = "/v/"
# Voilà's own goodbye of a page is the one thing that is sent there.
GOODBYE = "/v/voila/api/shutdown/"
DOORS = ("/login", "/logout")
# For a phone's home screen; asked for at the top, relative to the page.
MANIFEST = "/manifest.webmanifest"
ICONS = ("/icon-192.png", "/icon-512.png", "/icon-maskable.png", "/apple-touch-icon.png")
HOME_SCREEN = (MANIFEST, *ICONS)
READS = ("GET", "HEAD")
SENDS = ("POST", "PUT", "PATCH")
EXAMPLE = '{"temperature_c": 23.8, "probe_id": "TempProbe-0096"}'
HERE = "Send readings as JSON by POST to /api/ingest"
SAYS = {400: "bad_request", 403: "forbidden", 404: "unknown_path", 405: "method_not_allowed"}

# Seconds after which a browser asks again; what is not to be expected may need a person.
AGAIN = '<meta http-equiv="refresh" content="{}">'
AGAIN_S = {500: 15, 502: 5, 503: 2, 504: 5}

PAGE = '<p role="alert">{problem}</p><p>{remedy}</p><p><a href="/">{away}</a></p>'


class NotAcceptable(TempHubError):
    """Raised when a program asks for JSON where there is the page for people."""

    code = "not_acceptable"
    status = 406


def is_api(path: str) -> bool:
    """Whether the hub's own application answers it, the login aside."""
    return path == "/metrics" or path == "/api" or path.startswith("/api/")


def stray(method: str, path: str, headers: HTTPHeaders) -> TempHubError | None:
    """What to tell who asks for something that there is not, or in a way that it is not for; None for all
    else. path: without the query."""
    if is_api(path):
        return None
    if path in HOME_SCREEN:
        return None if method in READS else _method(method, path, "GET, HEAD")
    if path in DOORS:
        return None if method in READS or method == "POST" else _method(method, path, "GET, POST")
    if path != "/" and not path.startswith(VOILA):
        return unknown(method, path)
    if method not in READS and not (method == "POST" and path.startswith(GOODBYE)):
        return _method(method, path, "GET, HEAD")
    if path == "/" and not _takes_page(headers):
        return NotAcceptable(
            "At / there is the page for people, and the request wants something else.",
            "Ask /api/probes for the newest values or /api/readings for the history; /api/openapi.json tells "
            "what there is.",
        )
    return None


def unknown(method: str, path: str) -> TempHubError:
    """A path that leads nowhere, with where it was probably meant to lead."""
    return NotFound(
        f"The hub has no {_shown(path)}.", _meant(method, path.rstrip("/").lower()), code="unknown_path"
    )


def of_page_server(status: int, path: str) -> TempHubError:
    """What the page server refused, in the hub's words instead of its own page."""
    return Relayed(
        f"The page server could not answer {_shown(path)} (HTTP {status}).",
        "Open the page anew at /; programs find what there is at /api/openapi.json.",
        code=SAYS.get(status, "page_refused"),
        status=status,
    )


def speaks(headers: HTTPHeaders) -> str:
    """The language of the browser that asks for a page to show; empty for programs."""
    html = "text/html" in headers.get("Accept", "").lower()
    return spoken_by(headers.get("Accept-Language", "")) if html else ""


def told(connection: HTTPConnection, error: TempHubError, *, language: str) -> Early:
    """The error on its way to who asked: a page for a browser in its language, JSON for all else (an empty
    language). One that is over soon asks again by itself."""
    if not language:
        return Early(connection, lambda: begin_error(connection, error))
    again = AGAIN.format(AGAIN_S[error.status]) if error.status in AGAIN_S else ""
    problem, remedy = map(escape, in_words(error.problem, error.remedy, error.code, language))
    away = escape(texts_of(language)["door"]["to_temperatures"])
    body = PAGE.format(problem=problem, remedy=remedy, away=away)
    page = plain_page(language, body, more=again).encode()
    more = {**COMMON, "Content-Security-Policy": FORM_CSP}
    return Early(
        connection, lambda: begin(connection, error.status, page, "text/html; charset=UTF-8", **more)
    )


def face(connection: HTTPConnection) -> Early:
    """The answer to HEAD of the page: it is there. Nobody's visit begins with it."""
    return Early(connection, lambda: begin(connection, 200, b"", "text/html; charset=UTF-8"))


def _takes_page(headers: HTTPHeaders) -> bool:
    """False for who says that JSON is wanted, and no page."""
    accept = headers.get("Accept", "").lower()
    return "json" not in accept or "html" in accept or "*/*" in accept


def _meant(method: str, path: str) -> str:
    last = path.rpartition("/")[2]
    if last in ("whoami", "status") and method in READS:
        return (
            f"Ask the probe itself, at http://<address of the probe>/{last}; of the hub ask /api/health "
            "and /api/probes."
        )
    if last == "provision":
        return "Use POST /api/provision to have the hub tell its probes where to deliver."
    if last == "hello":
        return "Send a probe's hello by POST to /api/hello."
    if method in SENDS or last == "ingest":
        return f"{HERE}, such as {EXAMPLE}."
    return (
        "Open the page at /, below no path (behind a proxy it needs a host name of its own); programs "
        "look into /api/openapi.json."
    )


def _method(method: str, path: str, allowed: str) -> TempHubError:
    remedy = (
        f"{HERE}, such as {EXAMPLE}."
        if method in SENDS
        else f"Use one of {allowed}; /api/openapi.json tells what the API knows."
    )
    return MethodNotAllowed(
        f"{_shown(path)} does not know the method {_shown(method)[:20]}; nothing was taken.", remedy
    )


def _shown(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text[:100])
