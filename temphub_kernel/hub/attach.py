"""A kernel that is not the hub: it reads the journal, and asks the hub over its own API. Any thread."""

import json
import urllib.error
import urllib.request
from pathlib import Path

from ..base.errors import TempHubError
from ..base.settings import Settings

TIMEOUT_S = 15.0


class Attached:
    """What `th.start()` gives where another process is the hub."""

    role = "attached"

    def __init__(self, settings: Settings, url: str) -> None:
        self.settings = settings
        self.url = url

    @property
    def journal(self) -> Path:
        """The journal's file."""
        return self.settings.journal_file

    @property
    def csv_file(self) -> Path:
        """The CSV log's file."""
        return self.settings.csv_file

    def stop(self) -> None:
        """Nothing to stop: the hub belongs to another process."""

    def __repr__(self) -> str:
        return f"Attached to the hub at {self.url}; readings are in {self.settings.data_dir}"


def provision(settings: Settings, url: str, probe_id: str) -> str:
    """Have the hub at `url` provision a probe now; what came of it, in words. May take seconds; never raises."""
    headers = {"Content-Type": "application/json", "X-Token": settings.server_token}
    body = json.dumps({"host": probe_id}).encode()
    request = urllib.request.Request(f"{url}/api/provision", data=body, headers=headers, method="POST")
    # No proxy: the hub is on this computer.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=TIMEOUT_S) as reply:
            answer = json.load(reply)
    except urllib.error.HTTPError as error:
        return _refusal(error.read(65536))
    except (OSError, ValueError) as error:
        return str(TempHubError(f"The hub at {url} does not answer ({error}).", "Wait a few seconds and try again."))
    return f"{probe_id} delivers to {answer.get('server_url', 'the hub')} every {answer.get('interval_ms', 0) / 1000:g} s."


def _refusal(body: bytes) -> str:
    try:
        answer = json.loads(body)
        return f"{answer['problem']} — {answer['remedy']}"
    except (ValueError, KeyError, TypeError):
        return "The hub refused without saying why. — Look into its log."
