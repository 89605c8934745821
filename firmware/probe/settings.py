"""What the probe must remember over a power cut: one JSON file in the state folder, replaced as a whole.

Keys: server_url, interval_ms, token, key (of the hub that claimed it, see seal.py); on a board also ssid, password, pins. Keys this
version does not know are kept.
"""

import json
import os

from probe.rooms import give_up

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
    from probe import settings_check

    try:
        return settings_check.check(values)
    finally:
        give_up("probe.settings_check", "probe.address")


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
        """Never one beside a key: a claimed probe sends no token, wherever it came from."""
        return "" if self._live.get("key") else self._live.get("token") or ""

    @property
    def owned(self):
        """True when not everybody may set this probe."""
        return bool(self._live.get("key") or self._live.get("token"))

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
