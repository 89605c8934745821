"""Whether an order to update can be carried out; loaded for each."""

from probe.http import Problem

_SIGNS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-?=&"


def check(values, signed, server_url, busy):
    """(path of the manifest, its SHA-256 or None); Problem when it cannot be. A signed order has to name the
    firmware."""
    path = values.get("manifest_url")
    # Only a path: the firmware comes from the hub that this probe already trusts, whoever asks.
    if (
        not isinstance(path, str)
        or not path.startswith("/")
        or path.startswith("//")
        or len(path) > 200
        or not _sendable(path)
    ):
        raise Problem(
            400,
            "bad_manifest_url",
            "manifest_url is not a path on the hub.",
            "Send one such as /api/firmware/manifest.",
        )
    sha256 = values.get("sha256") if signed else None
    if signed and not (isinstance(sha256, str) and len(sha256) == 64):
        raise Problem(
            400,
            "bad_sha256",
            "The order does not name the firmware's sha256.",
            "Send the sha256 of the manifest with it.",
        )
    if not server_url:
        raise Problem(
            409, "no_hub", "This probe has no hub to get the firmware from.", "Let a hub provision it first."
        )
    if busy:
        raise Problem(409, "busy", "An update is under way.", "Wait for it to end; /status tells.")
    return path, sha256


def _sendable(path):
    return all(c in _SIGNS for c in path)
