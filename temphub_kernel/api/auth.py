"""The shared token: header `X-Token` or `Authorization: Bearer`, or `?token=`, or `"token"` in the JSON. Endpoint thread only.

What a probe reports of itself is taken with a token of its own, too: derived from the shared one, and good for its name only.
"""

import hmac
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from ..base.errors import NotAllowed, TempHubError
from ..base.reading import board_of, is_probe_id
from ..trust import seal
from .guesses import REMEDY, Guesses
from .lockout import locked
from .validate import parse_json

# So many probes' own tokens are not made anew with each delivery; some 1 MB, however long the names are (64 signs).
REMEMBERED = 4096


class WrongToken(NotAllowed):
    """Raised when none of the tokens shown is right; the wrong ones are counted."""

    code = "unauthorized"


def check_token(secret: str, *given: object, probe_id: object = None) -> None:
    """Raises TempHubError (401) unless one of the texts given is the secret, or the token of `probe_id` itself.

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
            "Send SERVER_TOKEN in the header X-Token, or provision the probe again so that it learns the token.",
        )


@lru_cache(maxsize=REMEMBERED)
def _own_token(secret: str, board: str) -> bytes:
    """The token of a probe of that name. How long it takes tells whether the name was asked for of late, and nothing of any token."""
    return seal.probe_token(secret, board).encode()


def authorised_json(secret: str, body: bytes, *given: str | None, named_by: str | None = None) -> dict[str, Any]:
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


def judged(guesses: Guesses, address: str, secret: str, body: bytes, *given: str | None, named_by: str | None) -> dict[str, Any]:
    """The same of a probe's hello, with wrong tokens counted; one whose turn would be later is refused (429)."""
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
    """What is done within shows whether the token was right: it is counted, and what was wrong with it is raised on."""
    try:
        yield
    except WrongToken:
        if texts:
            guesses.misdelivered(address, texts)
        raise
    if secret:
        guesses.delivered(address, name)
