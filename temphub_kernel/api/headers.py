"""What browsers are told about the hub's replies: what a page may load, who may frame it. Endpoint thread only."""

from tornado.httputil import HTTPHeaders
from tornado.web import RequestHandler

# Voilà's page is made of scripts and styles inside the page: no way round 'unsafe-inline'. What remains: nothing comes from,
# and nothing goes to, anywhere else, and no text is made into code.
PAGE_CSP = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:;"
    " object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
FORM_CSP = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
DATA_CSP = "default-src 'none'; frame-ancestors 'none'"
COMMON = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin"}


def protect(handler: RequestHandler, policy: str = DATA_CSP) -> None:
    """For a handler's own reply."""
    for name, value in COMMON.items():
        handler.set_header(name, value)
    handler.set_header("Content-Security-Policy", policy)
    handler.set_header("Cache-Control", "no-store")
    handler.clear_header("Server")


def protect_page(headers: HTTPHeaders) -> None:
    """For a reply of the page server's, on its way out."""
    for name, value in COMMON.items():
        headers[name] = value
    headers["Content-Security-Policy"] = PAGE_CSP
    headers.pop("Server", None)
