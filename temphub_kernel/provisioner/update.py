"""Telling one probe to fetch its new firmware from this hub, or to blink. Any thread."""

from ..base.errors import TempHubError
from ..base.settings import Settings
from .asked import busy
from .known import Known
from .talk import Status, Talk

# A path, not an address: the probe takes firmware from the hub it delivers to, and from nobody else.
MANIFEST = "/api/firmware/manifest"
# A board has no memory to spare for compiling; a virtual probe may run on CPython, which cannot load what is compiled.
FOR_BOARDS = MANIFEST + "?format=mpy"


def ask_update(talk: Talk, settings: Settings, known: Known, wait_s: float) -> str:
    """The version the probe had when it said yes; it downloads afterwards. Raises TempHubError."""
    met = known.sighting
    body: dict[str, object] = {"manifest_url": MANIFEST if met.model == "virtual" else FOR_BOARDS}
    status = _order(talk, settings, known, wait_s, "/update", body, "to update itself")
    if status is None:
        raise TempHubError(
            f"The firmware of the probe {met.probe_id} is too old to update itself.",
            "Connect the board over USB and run `temphub flash`.",
            code="no_update",
            status=409,
        )
    return status.version or met.version


def ask_identify(talk: Talk, settings: Settings, known: Known, wait_s: float) -> None:
    """Have the probe blink. Raises TempHubError."""
    if _order(talk, settings, known, wait_s, "/identify", {}, "to blink") is None:
        raise TempHubError(
            f"The probe {known.sighting.probe_id} has no light to blink with.",
            "Tell it apart by its id, or update its firmware.",
            code="no_identify",
            status=409,
        )


def _order(talk: Talk, settings: Settings, known: Known, wait_s: float, path: str, body: dict[str, object], what: str) -> Status | None:
    """What the probe answers, once nobody else is talking to it."""
    met = known.sighting
    if not known.talking.acquire(timeout=wait_s):
        raise busy(met.probe_id)
    try:
        return talk.order(met.probe_id, met.ip, met.port, path, body, what, settings.server_token)
    finally:
        known.talking.release()
