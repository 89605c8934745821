"""The shared token: header `X-Token` or `Authorization: Bearer`, or `?token=`, or `"token"` in the JSON. Endpoint thread only."""

import hmac
from typing import Any

from ..base.errors import TempHubError
from .validate import parse_json


def check_token(secret: str, *given: object) -> None:
    """Raises TempHubError (401) unless one of the texts given is the secret. An empty secret lets everyone in."""
    if not secret:
        return
    wanted = secret.encode()
    # Every form is compared, in constant time, so the reply's time tells nothing.
    matches = [hmac.compare_digest(text.encode("utf-8", "replace"), wanted) for text in given if isinstance(text, str)]
    if not any(matches):
        raise TempHubError(
            "This hub accepts readings and changes only with its token, and the request has none or another.",
            "Send SERVER_TOKEN in the header X-Token, or provision the probe again so that it learns the token.",
            code="unauthorized",
            status=401,
        )


def authorised_json(secret: str, body: bytes, *given: str | None) -> dict[str, Any]:
    """The JSON object of a body whose token is right. Raises TempHubError: 401 before 400.

    With a token in force a stranger learns nothing about the body, valid or not.
    """
    try:
        data = parse_json(body)
    except TempHubError:
        check_token(secret, *given)
        raise
    check_token(secret, *given, data.get("token"))
    return data
