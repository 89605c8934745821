"""`/login` and `/logout`, plain pages without a script. Endpoint thread only; the password is checked in
another."""

import asyncio
from html import escape
from urllib.parse import parse_qs, quote, unquote

from tornado.web import RequestHandler

from ...core import TempHubError, TooOften
from ...language import in_words, spoken_by, texts_of
from .. import not_found, replies
from ..plain_page import plain_page
from .audit import Audit
from .auth import LIFE_MS, Entry

MOST_BODY = 4096
# Each check takes 64 MB for a moment: one at a time, and not many in line.
MOST_IN_LINE = 8

# For who puts the page onto a home screen before logging in.
HOME_SCREEN = (
    '<link rel="manifest" href="manifest.webmanifest" crossorigin="use-credentials">'
    '<link rel="apple-touch-icon" href="apple-touch-icon.png">'
)
PAGE = '{said}<form method="post" action="{action}">{fields}</form>'
FIELDS = """<input type="text" name="username" value="temphub" autocomplete="username" hidden>
<label for="password">{password}</label><input id="password" name="password" type="password"
 autocomplete="current-password"
required autofocus maxlength="256"><button>{log_in}</button>"""
LEAVE = "<button>{log_out}</button>"


class Doorkeeper:
    """What the two pages share."""

    def __init__(self, entry: Entry, audit: Audit) -> None:
        self.entry = entry
        self.audit = audit
        self._turn = asyncio.Lock()
        self._in_line = 0

    async def matches(self, password: str) -> bool:
        """Whether it is the password. Raises TempHubError (429) when too many wait for the same answer."""
        if self._in_line >= MOST_IN_LINE:
            raise _crowd()
        self._in_line += 1
        try:
            async with self._turn:
                return await asyncio.get_running_loop().run_in_executor(
                    None, self.entry.sessions.matches, password
                )
        finally:
            self._in_line -= 1


class _Door(RequestHandler):
    def initialize(self, keeper: Doorkeeper) -> None:
        """Called by Tornado for each request."""
        self.keeper = keeper

    def set_default_headers(self) -> None:
        replies.protect(self, replies.FORM_CSP)

    def write_error(self, status_code: int, **kwargs: object) -> None:
        self.finish(f"HTTP {status_code}")

    def show(self, action: str, said: str = "", fields: str = FIELDS) -> None:
        """Send the page."""
        shown = f'<p role="alert">{escape(said)}</p>' if said else ""
        asked = fields.format_map(texts_of(self.language)["door"])
        body = PAGE.format(said=shown, action=escape(action), fields=asked)
        self.finish(plain_page(self.language, body, more=HOME_SCREEN, wide="24rem"))

    @property
    def language(self) -> str:
        """That of who asks."""
        return spoken_by(self.request.headers.get("Accept-Language", ""))

    @property
    def address(self) -> str:
        """Who asks."""
        return self.request.remote_ip or ""


class Login(_Door):
    """`GET /login` asks for the password, `POST /login` takes it."""

    def get(self) -> None:
        if not self.keeper.entry.closed or self.keeper.entry.in_session(self.request.headers):
            self.redirect("/", status=303)
        else:
            self.show(self._action())

    async def post(self) -> None:
        entry, address = self.keeper.entry, self.address
        if not entry.closed:
            return self.redirect("/", status=303)
        try:
            entry.lockout.begin(address)
            right = await self.keeper.matches(_password(self.request.body))
        except TempHubError as error:
            self.set_status(error.status)
            self.set_header("Retry-After", "30")
            told = in_words(error.problem, error.remedy, error.code, self.language)
            return self.show(self._action(), " ".join(told))
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(
            None, self.keeper.audit.note, "login" if right else "login refused", address, "password"
        )
        if not right:
            self.set_status(403)
            return self.show(self._action(), texts_of(self.language)["door"]["wrong"])
        entry.lockout.worked(address)
        text = await loop.run_in_executor(None, entry.sessions.begin)
        secure = self.request.protocol == "https"
        self.set_cookie(
            entry.cookie,
            text,
            httponly=True,
            samesite="Strict",
            secure=secure,
            path="/",
            max_age=LIFE_MS // 1000,
        )
        self.redirect(self._next(), status=303)

    def _next(self) -> str:
        """Where the browser wanted to go: a page of this hub, nothing else."""
        place = self.get_query_argument("next", "/")
        return place if is_page(place) else "/"

    def _action(self) -> str:
        place = self._next()
        return "/login" if place == "/" else "/login?next=" + quote(place, safe="/")


class Logout(_Door):
    """`GET /logout` asks, `POST /logout` ends the session."""

    def get(self) -> None:
        self.show("/logout", fields=LEAVE)

    async def post(self) -> None:
        entry = self.keeper.entry
        for text in entry.session(self.request.headers):
            await asyncio.get_running_loop().run_in_executor(None, entry.sessions.end, text)
        self.clear_cookie(entry.cookie, path="/")
        self.redirect("/login", status=303)


def is_page(place: str) -> bool:
    """Whether a browser that is sent there shows a page, and does nothing else: GET /api/ingest would store a
    reading."""
    path = unquote(place.partition("?")[0])
    # A browser takes /v/../api/ingest, however its dots are written, for /api/ingest.
    winding = "\\" in place or any(part in (".", "..") for part in path.split("/"))
    return place.isprintable() and not winding and (path == "/" or path.startswith(not_found.VOILA))


def _password(body: bytes) -> str:
    if len(body) > MOST_BODY:
        return ""
    return parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=8).get(
        "password", [""]
    )[-1]


def _crowd() -> TempHubError:
    return TooOften(
        "Too many people log in at this moment.", "Try again in a few seconds.", code="too_many_logins"
    )
