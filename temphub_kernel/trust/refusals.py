"""Why a delivery is not believed, in words. Any thread."""

from ..base.errors import BadRequest, NotAllowed, TempHubError


def unsigned(board: str) -> TempHubError:
    """Somebody delivers under the name of a board that has a key."""
    return _401(
        "signature_missing",
        f"The probe {board} has a key of this hub, and this delivery is not signed with it, so nothing was stored.",
        f"If {board} was reset, press Trust beside it on the hub's page, or run `temphub trust {board}`; else use another probe_id.",
    )


def wrong_signature(board: str) -> TempHubError:
    """The signature does not fit the body."""
    return _401(
        "wrong_signature",
        f"The signature of this delivery was not made with the key of the probe {board}, so nothing was stored.",
        "Reset the probe (hold its button for 5 s) and trust it again, if it is yours.",
    )


def unknown_key(board: str) -> TempHubError:
    """The board has a key, and not from here."""
    return _401(
        "unknown_key",
        f"The probe {board!r} signs with a key that this hub does not have, so nothing was stored.",
        "Release it from the hub that it belongs to, or hold its button for 5 s.",
    )


def not_approved(probe_id: str) -> TempHubError:
    """PROBE_TRUST=approve, and nobody said yes."""
    return _401(
        "not_approved",
        f"Nobody has trusted the probe {probe_id!r} yet (PROBE_TRUST=approve), so nothing was stored.",
        "Press Trust beside it on the hub's page, or send SERVER_TOKEN in the header X-Token.",
    )


def bad_counter(counter: object) -> TempHubError:
    """The counter is no number."""
    return BadRequest(
        f"X-Counter is {str(counter)[:40]!r}, which is no counter.",
        "Send a whole number that grows with each request, together with X-Signature.",
        code="bad_counter",
    )


def _401(code: str, problem: str, remedy: str) -> TempHubError:
    return NotAllowed(problem, remedy, code=code)
