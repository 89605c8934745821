"""The shared token: header `X-Token`, or `?token=`, or `"token"` in the JSON. Endpoint thread only."""

import hmac

from ..base.errors import TempHubError


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
