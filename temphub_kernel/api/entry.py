"""Who is let in when UI_PASSWORD is set: a session of the page, the token, or this computer's own key. Endpoint thread only."""

import hmac
from collections.abc import Iterable, Mapping

from tornado.httputil import HTTPHeaders, parse_cookie

from ..base.errors import NotAllowed, TempHubError
from ..base.key import make_key
from ..base.settings import Settings
from .guesses import Guesses, Note
from .lockout import Lockout
from .sessions import Sessions

BEARER = "bearer "


class Entry:
    """The door's list. Without UI_PASSWORD everybody may look; who may write is the token's business as ever."""

    def __init__(self, settings: Settings, note: Note = lambda *_: None) -> None:
        self.closed = bool(settings.ui_password)
        self.sessions = Sessions(settings.data_dir, settings.ui_password)
        self.lockout = Lockout()
        # Cookies know no ports: two hubs on one computer must not log each other out.
        self.cookie = f"temphub_{settings.port}"
        self.guesses = Guesses(note)
        self._token = settings.server_token
        self._key = make_key(settings.data_dir)

    def admits(self, headers: HTTPHeaders, address: str, query_token: str | None = None) -> bool:
        """Whether this request may look and change. Never raises: one from an address that is locked out may not."""
        try:
            return not self.closed or bool(self.shown(headers, address, query_token))
        except TempHubError:
            return False

    def shown(self, headers: HTTPHeaders, address: str, *more: object) -> str:
        """What it shows: a `login` in force, this computer's `key`, the `token`, or nothing that is right. more: tokens sent elsewhere.

        The key is only for where a password is asked for. Raises TempHubError (429) when a token comes from an address that sent too
        many wrong ones; who has the key is not concerned.
        """
        if self.in_session(headers):
            return "login"
        texts = [text for text in (headers.get("X-Token"), bearer(headers), *more) if isinstance(text, str) and text]
        # Every pair is compared, so the time tells nothing of which one was close.
        matches = [(_same(text, self._key), _same(text, self._token)) for text in texts]
        own, right = any(one for one, _ in matches), any(one for _, one in matches)
        if own and self.closed:
            return "key"
        if not texts or not self._token:
            return ""
        if not own:
            self.guesses.check(address)
        if not right and not own:
            self.guesses.missed(address, texts)
        return "token" if right else ""

    def visitor_shows(self, headers: HTTPHeaders) -> str:
        """What opened a page for whoever got through the guard: `login`, `token`, or `anyone` where there is no password."""
        if not self.closed:
            return "anyone"
        return "login" if self.in_session(headers) else "token"

    def is_own(self, headers: HTTPHeaders) -> bool:
        """Whether a program of this computer asks that may read the data folder: a page's kernel, the command line."""
        return _same(bearer(headers) or "", self._key)

    def in_session(self, headers: HTTPHeaders) -> bool:
        """Whether its cookie is a session in force."""
        return any(self.sessions.knows(text) for text in self.session(headers))

    def session(self, headers: HTTPHeaders) -> Iterable[str]:
        """The text of its cookie, if it has one."""
        sent = headers.get("Cookie") if self.closed else None
        text = parse_cookie(sent).get(self.cookie) if sent else None
        return [text] if text else []


def bearer(headers: Mapping[str, str]) -> str | None:
    """The token of `Authorization: Bearer …`."""
    sent = headers.get("Authorization", "")
    return sent[len(BEARER) :].strip() if sent[: len(BEARER)].lower() == BEARER else None


def no_entry() -> TempHubError:
    """What a program is told that shows nothing, or something wrong."""
    return NotAllowed(
        "This hub is protected by a password, and the request shows neither a login nor the right token.",
        "Log in at /login, or send SERVER_TOKEN in the header X-Token or as Authorization: Bearer.",
        code="login_needed",
    )


def _same(text: str, secret: str) -> bool:
    return hmac.compare_digest(text.encode("utf-8", "replace"), secret.encode())
