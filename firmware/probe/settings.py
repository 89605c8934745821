"""What the probe must remember over a power cut: one JSON file in the state folder, see settings_file.py.

Keys: server_url, interval_ms, token, key (of the hub that claimed it, see seal.py); on a board also ssid,
password, pins. Keys this version does not know are kept. Firmware up to 0.3.0, to which an update may go
back, takes server_url for a hub's base: so the file has the base there, and `told` is the address as it was
told.
"""

from probe.rooms import give_up, words

NAME = "settings.json"
FASTEST_MS = 500
SLOWEST_MS = 3600000
DEFAULT_INTERVAL_MS = 2000
MAX_TOKEN = 128


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
        """Load `folder`/settings.json; `given` (checked values, e.g. from the command line) wins until the
        next update()."""
        from probe import settings_file

        self._path = folder + "/" + NAME if folder else NAME
        self.problem = None
        try:
            self._saved = settings_file.load(self._path)
        except (ValueError, Refused):
            self._saved = {}
            self.problem = words("settings")
        finally:
            give_up("probe.settings_file", "probe.settings_check", "probe.address")
        self._live = dict(self._saved)
        told = self._live.pop("told", None)
        if told:
            self._live["server_url"] = told
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
        from probe import settings_file

        try:
            self._saved = settings_file.update(self._path, self._saved, checked)
        finally:
            give_up("probe.settings_file", "probe.settings_check", "probe.address")
        changed = any(self._live.get(key) != checked[key] for key in checked)
        self._live.update(checked)
        return changed
