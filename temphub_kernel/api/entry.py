"""Who is let in when UI_PASSWORD is set: a session of the page, the token, or this computer's own key. Endpoint thread only."""

import hmac
from collections.abc import Iterable

from tornado.httputil import HTTPHeaders, parse_cookie

from ..base.errors import TempHubError
from ..base.key import make_key
from ..base.settings import Settings
from .lockout import Lockout
from .sessions import Sessions

BEARER = "bearer "


class Entry:
    """The door's list. Without UI_PASSWORD everybody may look; who may write is the token's business as ever."""

    def __init__(self, settings: Settings) -> None:
        self.closed = bool(settings.ui_password)
        self.sessions = Sessions(settings.data_dir, settings.ui_password)
        self.lockout = Lockout()
        # Cookies know no ports: two hubs on one computer must not log each other out.
        self.cookie = f"temphub_{settings.port}"
        self._secrets = [settings.server_token] if settings.server_token else []
        if self.closed:
            self._secrets.append(make_key(settings.data_dir))

    def admits(self, headers: HTTPHeaders, query_token: str | None = None) -> bool:
        """Whether this request may look and change."""
        return not self.closed or self.shown(headers, query_token)

    def shown(self, headers: HTTPHeaders, query_token: str | None = None) -> bool:
        """Whether it shows a session in force, the token or the key."""
        texts = [text for text in (headers.get("X-Token"), bearer(headers), query_token) if text]
        # Every pair is compared, so the time tells nothing of which one was close.
        matches = [_same(text, secret) for text in texts for secret in self._secrets]
        return any(matches) or self.in_session(headers)

    def in_session(self, headers: HTTPHeaders) -> bool:
        """Whether its cookie is a session in force."""
        return any(self.sessions.knows(text) for text in self.session(headers))

    def session(self, headers: HTTPHeaders) -> Iterable[str]:
        """The text of its cookie, if it has one."""
        sent = headers.get("Cookie") if self.closed else None
        text = parse_cookie(sent).get(self.cookie) if sent else None
        return [text] if text else []


def bearer(headers: HTTPHeaders) -> str | None:
    """The token of `Authorization: Bearer …`."""
    sent = headers.get("Authorization", "")
    return sent[len(BEARER) :].strip() if sent[: len(BEARER)].lower() == BEARER else None


def no_entry() -> TempHubError:
    """What a program is told that shows nothing."""
    return TempHubError(
        "This hub is protected by a password, and the request shows neither a login nor a token.",
        "Log in at /login, or send SERVER_TOKEN in the header X-Token or as Authorization: Bearer.",
        code="login_needed",
        status=401,
    )


def _same(text: str, secret: str) -> bool:
    return hmac.compare_digest(text.encode("utf-8", "replace"), secret.encode())
