"""Which sensor has which number and name on this board, for ever: number 0 is `<board>`, the others
`<board>:<key>`.

Kept in the settings as `sensor_keys`, a list whose places are the numbers.
"""

from probe.rooms import words

SETTING = "sensor_keys"
# Four bits of a stored reading.
MOST = 16


class Roster:
    """`fault(text)` tells a person."""

    def __init__(self, settings, fault):
        self._settings = settings
        self._fault = fault
        saved = settings.get(SETTING, [])
        good = isinstance(saved, list) and all(isinstance(key, str) and _is_key(key) for key in saved)
        self._keys = list(saved[:MOST]) if good else []

    def number(self, key):
        """The number of a sensor; a new one gets the next, which is saved. None when all 16 are given
        away."""
        if key is None:
            return 0
        if key in self._keys:
            return self._keys.index(key)
        if len(self._keys) == MOST:
            self._fault(words("one_sensor_too_many", key, MOST, SETTING))
            return None
        self._keys.append(key)
        self._save()
        return len(self._keys) - 1

    def knows(self, key):
        """True for a sensor that has a number."""
        return key is None or key in self._keys

    def replace_only(self, key):
        """The board's only sensor was exchanged for another: the new one takes over its number and its
        name."""
        self._keys[0] = key
        self._save()

    def only(self):
        """The key of the one sensor ever seen here; None when there was none or are several."""
        return self._keys[0] if len(self._keys) == 1 else None

    def probe_id(self, board, number):
        """The name of that sensor in batches."""
        # An id has at most 63 signs; the board's part gives way.
        return board if number == 0 else board[: 62 - len(self._keys[number])] + ":" + self._keys[number]

    def __len__(self):
        return len(self._keys)

    def _save(self):
        try:
            self._settings.update({SETTING: list(self._keys)})
        except OSError:
            self._fault(words("numbers_not_saved"))


def _is_key(key):
    return 0 < len(key) <= 16 and all(c in "0123456789abcdefghijklmnopqrstuvwxyz" for c in key)
