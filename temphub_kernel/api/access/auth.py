"""Who is let in: a session of the page, the token, or this computer's own key. Endpoint thread only; sessions
any thread, one call at a time.
"""

import hashlib
import hmac
import json
import logging
import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from tornado.httputil import HTTPHeaders, parse_cookie

from ...core import (
    DAY_MS,
    NotAllowed,
    Settings,
    TempHubError,
    board_of,
    is_probe_id,
    make_key,
    now_ms,
    write_private,
)
from ...trust import signatures
from ..schemas import parse_json
from .lockout import REMEDY, Guesses, Lockout, Note, locked

log = logging.getLogger(__name__)
SESSIONS_FILE = "temphub.sessions"
LIFE_MS = 30 * DAY_MS
# The oldest goes when there are more: nobody logs in from so many browsers.
MOST_SESSIONS = 256
HASHED = "$argon2"


class Sessions:
    """Of one data folder. password: in plain text or as argon2 hash; empty: nobody needs one."""

    def __init__(self, folder: Path, password: str) -> None:
        self._path = folder / SESSIONS_FILE
        self._hasher = PasswordHasher()
        self._lock = threading.Lock()
        self._until_ms: dict[str, int] = {}
        self._hash = self._open(password) if password else ""

    def matches(self, password: str) -> bool:
        """Whether it is the password. Takes some 50 ms and 64 MB, so not for the endpoint's thread."""
        return bool(self._hash) and self._verify(self._hash, password)

    def begin(self) -> str:
        """A new session's text for the cookie."""
        text = secrets.token_urlsafe(32)
        with self._lock:
            self._until_ms[_digest(text)] = now_ms() + LIFE_MS
            while len(self._until_ms) > MOST_SESSIONS:
                del self._until_ms[next(iter(self._until_ms))]
            self._keep()
        return text

    def end(self, text: str) -> None:
        """Log out."""
        with self._lock:
            if self._until_ms.pop(_digest(text), None) is not None:
                self._keep()

    def knows(self, text: str) -> bool:
        """Whether a cookie's text is a session in force. Looked up by digest: the time it takes tells nothing
        of other texts."""
        return now_ms() < self._until_ms.get(_digest(text), 0)

    def _open(self, password: str) -> str:
        """The hash in force, with the sessions that were begun with the same password."""
        kept, found = "", {}
        try:
            said = json.loads(self._path.read_text(encoding="ascii"))
            kept, found = (
                str(said["password"]),
                {str(text): int(until) for text, until in said["until_ms"].items()},
            )
        except FileNotFoundError:
            pass
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            log.warning("the file %s cannot be read, so everybody has to log in again", self._path)
        if kept and (kept == password or (not password.startswith(HASHED) and self._verify(kept, password))):
            self._until_ms = dict(list(found.items())[-MOST_SESSIONS:])
            return kept
        return password if password.startswith(HASHED) else self._hasher.hash(password)

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password.encode("utf-8", "replace"))
        except (VerificationError, InvalidHashError):
            return False

    def _keep(self) -> None:
        now = now_ms()
        self._until_ms = {digest: until for digest, until in self._until_ms.items() if until > now}
        try:
            write_private(self._path, json.dumps({"password": self._hash, "until_ms": self._until_ms}))
        except OSError as error:
            log.warning(
                "the sessions cannot be kept (%s): after a restart of the hub everybody has to log in again",
                error,
            )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


# So many probes' own tokens are not made anew with each delivery; some 4 MB, however long the names are (64
# signs).
REMEMBERED = 16_384


class WrongToken(NotAllowed):
    """Raised when none of the tokens shown is right; the wrong ones are counted."""

    code = "unauthorized"


def check_token(secret: str, *given: object, probe_id: object = None) -> None:
    """Raises TempHubError (401) unless one of the texts given is the secret, or the token of `probe_id`
    itself.

    An empty secret lets everyone in.
    """
    if not secret:
        return
    wanted = [secret.encode()]
    if is_probe_id(probe_id):
        wanted.append(_own_token(secret, board_of(probe_id)))
    texts = [text.encode("utf-8", "replace") for text in given if isinstance(text, str)]
    # Every form is compared, in constant time, so the reply's time tells nothing.
    matches = [hmac.compare_digest(text, one) for text in texts for one in wanted]
    if not any(matches):
        raise WrongToken(
            "This hub accepts readings and changes only with its token, and the request has none or another.",
            "Send SERVER_TOKEN in the header X-Token, or provision the probe again so that it learns the "
            "token.",
        )


@lru_cache(maxsize=REMEMBERED)
def _own_token(secret: str, board: str) -> bytes:
    """The token of a probe of that name. How long it takes tells whether the name was asked for of late, and
    nothing of any token."""
    return signatures.probe_token(secret, board).encode()


def authorised_json(
    secret: str, body: bytes, *given: str | None, named_by: str | None = None
) -> dict[str, Any]:
    """The JSON object of a body whose token is right. Raises TempHubError: 401 before 400.

    named_by: the field with the probe's name, where the token of that probe is enough; None where it is not.
    With a token in force a stranger learns nothing about the body, valid or not.
    """
    try:
        data = parse_json(body)
    except TempHubError:
        check_token(secret, *given)
        raise
    check_token(secret, *given, data.get("token"), probe_id=data.get(named_by) if named_by else None)
    return data


def judged(
    guesses: Guesses, address: str, secret: str, body: bytes, *given: str | None, named_by: str | None
) -> dict[str, Any]:
    """The same of a probe's hello, with wrong tokens counted; one whose turn would be later is refused
    (429)."""
    texts, name = shown_in(body, given, named_by)
    if secret and texts and guesses.turn_s(address, name) > 0:
        raise locked(1, "wrong tokens", REMEDY)
    with counted(guesses, address, secret, texts, name):
        return authorised_json(secret, body, *given, named_by=named_by)


def shown_in(body: bytes, given: Iterable[object], named_by: str | None) -> tuple[list[str], str]:
    """(the tokens of a probe's message, the name in it); what is missing is left out or empty."""
    try:
        data = parse_json(body)
    except TempHubError:
        data = {}
    name = data.get(named_by) if named_by else None
    texts = [text for text in (*given, data.get("token")) if isinstance(text, str) and text]
    return texts, name if isinstance(name, str) else ""


@contextmanager
def counted(guesses: Guesses, address: str, secret: str, texts: list[str], name: str) -> Iterator[None]:
    """What is done within shows whether the token was right: it is counted, and what was wrong with it is
    raised on."""
    try:
        yield
    except WrongToken:
        if texts:
            guesses.misdelivered(address, texts)
        raise
    if secret:
        guesses.delivered(address, name)


BEARER = "bearer "


class Entry:
    """The door's list. Without UI_PASSWORD everybody may look; who may write is the token's business as
    ever."""

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
        """Whether this request may look and change. Never raises: one from an address that is locked out may
        not."""
        try:
            return not self.closed or bool(self.shown(headers, address, query_token))
        except TempHubError:
            return False

    def shown(self, headers: HTTPHeaders, address: str, *more: object) -> str:
        """What it shows: a `login` in force, this computer's `key`, the `token`, or nothing that is right.
        more: tokens sent elsewhere.

        The key is only for where a password is asked for. Raises TempHubError (429) when a token comes from
        an address that sent too many wrong ones; who has the key is not concerned.
        """
        if self.in_session(headers):
            return "login"
        texts = [
            text
            for text in (headers.get("X-Token"), bearer(headers), *more)
            if isinstance(text, str) and text
        ]
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
        """What opened a page for whoever got through the guard: `login`, `token`, or `anyone` where there is
        no password."""
        if not self.closed:
            return "anyone"
        return "login" if self.in_session(headers) else "token"

    def is_own(self, headers: HTTPHeaders) -> bool:
        """Whether a program of this computer asks that may read the data folder: a page's kernel, the command
        line."""
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
