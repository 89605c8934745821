"""What the probe must remember over a power cut: one JSON file in the state folder, replaced as a whole.

Keys: server_url, interval_ms, token; on a board also ssid, password, pins. Keys this version does not know are kept.
"""

import json
import os

from probe import address

NAME = "settings.json"
FASTEST_MS = 500
SLOWEST_MS = 3600000
DEFAULT_INTERVAL_MS = 2000
MAX_TOKEN = 128

# CPython on Windows renames onto an existing file only with replace(); MicroPython has only rename(), which does replace.
_replace = getattr(os, "replace", os.rename)


class Refused(Exception):
    """A value that cannot be used: `problem` says why, `remedy` what to do."""

    def __init__(self, problem, remedy):
        super().__init__(problem + " " + remedy)
        self.problem = problem
        self.remedy = remedy


def check(values):
    """The known keys among `values` when each is usable, else Refused. Nothing is guessed or clipped."""
    if not isinstance(values, dict):
        raise Refused("The settings are not a JSON object.", "Send an object with server_url, interval_ms and token.")
    good = {}
    if values.get("server_url") is not None:
        good["server_url"] = _url(values["server_url"])
    if values.get("interval_ms") is not None:
        good["interval_ms"] = _interval(values["interval_ms"])
    if values.get("token") is not None:
        good["token"] = _token(values["token"])
    return good


def _url(value):
    try:
        address.split_url(value)
    except ValueError as error:
        raise Refused(error.args[0], error.args[1])
    return value.rstrip("/")


def _interval(value):
    # True is an int in Python, but not an interval.
    if isinstance(value, bool) or not isinstance(value, int) or not FASTEST_MS <= value <= SLOWEST_MS:
        raise Refused("interval_ms must be a whole number of milliseconds.", f"Send a number from {FASTEST_MS} to {SLOWEST_MS}.")
    return value


def _token(value):
    # Printable ASCII: it travels in a header line, which a line end would split.
    if not isinstance(value, str) or len(value) > MAX_TOKEN or not all(" " < c <= "~" for c in value):
        raise Refused("token must be a text of visible ASCII characters.", f"Send at most {MAX_TOKEN} signs, no blanks.")
    return value


class Settings:
    """The values in force. `problem` is a sentence when the saved file could not be used, else None."""

    def __init__(self, folder, given=None):
        """Load `folder`/settings.json; `given` (checked values, e.g. from the command line) wins until the next update()."""
        self._path = folder + "/" + NAME if folder else NAME
        self.problem = None
        self._saved = self._load()
        self._live = dict(self._saved)
        self._live.update(given or {})

    @property
    def server_url(self):
        return self._live.get("server_url") or ""

    @property
    def interval_ms(self):
        return self._live.get("interval_ms") or DEFAULT_INTERVAL_MS

    @property
    def token(self):
        return self._live.get("token") or ""

    def get(self, key, default=None):
        """A value that only a port knows, such as ssid or a pin number."""
        return self._live.get(key, default)

    def update(self, checked):
        """Save first, then put in force; OSError leaves everything as it was. True when something changed."""
        saved = dict(self._saved)
        saved.update(checked)
        if saved != self._saved:
            _write(self._path, json.dumps(saved))
            self._saved = saved
        changed = any(self._live.get(key) != checked[key] for key in checked)
        self._live.update(checked)
        return changed

    def _load(self):
        _remove(self._path + ".new")
        try:
            with open(self._path) as file:
                values = json.load(file)
            check(values)
            return values
        except OSError:
            return {}
        except (ValueError, Refused):
            self.problem = "The saved settings cannot be read; the probe waits to be set up again."
            return {}


def _write(path, text):
    # Written aside and renamed: a power cut leaves the old file or the new one, never half of one.
    try:
        with open(path + ".new", "w") as file:
            file.write(text)
            file.flush()
            if hasattr(os, "fsync"):
                os.fsync(file.fileno())
        _replace(path + ".new", path)
    except OSError:
        _remove(path + ".new")
        raise


def _remove(path):
    try:
        os.remove(path)
    except OSError:
        pass
