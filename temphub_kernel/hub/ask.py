"""A question to the running hub over its own API, from a page's kernel or the command line. Any thread; may take seconds."""

import json
import urllib.error
import urllib.request
from typing import Any

from ..base import own
from ..base.errors import TempHubError
from ..base.key import read_key
from ..base.settings import Settings


def ask_hub(settings: Settings, url: str, path: str, body: dict[str, Any] | None = None, *, timeout_s: float) -> dict[str, Any]:
    """The hub's JSON answer; POST when there is a body. Raises TempHubError when it refuses, OSError or ValueError when no hub answers."""
    headers = {"Content-Type": "application/json", "X-Token": settings.server_token, "User-Agent": own.AGENT}
    if key := read_key(settings.data_dir):
        headers["Authorization"] = f"Bearer {key}"
    if visitor := own.VISITOR.get():
        headers[own.VISITOR_HEADER] = visitor
    request = urllib.request.Request(url + path, data=None if body is None else json.dumps(body).encode(), headers=headers)
    # No proxy: the hub is on this computer.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=timeout_s) as reply:
            return dict(json.load(reply))
    except urllib.error.HTTPError as error:
        raise _refusal(error.read(65536), url) from error


def _refusal(body: bytes, url: str) -> TempHubError:
    try:
        answer = json.loads(body)
        return TempHubError(answer["problem"], answer["remedy"], code=answer["error"])
    except (ValueError, KeyError, TypeError):
        return TempHubError(f"The program at {url} refuses without saying why; it may not be the hub.", "Set PORT to the hub's port.")
