"""Which settings can be used: server_url, interval_ms, token. Asked at the start and when a hub sets the
probe."""

from probe import address
from probe.settings import FASTEST_MS, MAX_TOKEN, SLOWEST_MS, Refused


def check(values):
    """The known keys among `values` when each is usable, else Refused. Nothing is guessed or clipped."""
    if not isinstance(values, dict):
        raise Refused(
            "The settings are not a JSON object.", "Send an object with server_url, interval_ms and token."
        )
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
    return value


def _interval(value):
    # True is an int in Python, but not an interval.
    if isinstance(value, bool) or not isinstance(value, int) or not FASTEST_MS <= value <= SLOWEST_MS:
        raise Refused(
            "interval_ms must be a whole number of milliseconds.",
            f"Send a number from {FASTEST_MS} to {SLOWEST_MS}.",
        )
    return value


def _token(value):
    # Printable ASCII: it travels in a header line, which a line end would split.
    if not isinstance(value, str) or len(value) > MAX_TOKEN or not all(" " < c <= "~" for c in value):
        raise Refused(
            "token must be a text of visible ASCII characters.", f"Send at most {MAX_TOKEN} signs, no blanks."
        )
    return value
