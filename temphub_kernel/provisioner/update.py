"""Telling one probe to fetch its new firmware from this hub, to blink, or that it is let go. Any thread."""

from collections.abc import Callable

from ..base.board_memory import check_update
from ..base.errors import TempHubError
from ..base.reading import board_of
from ..trust import Standing
from .asked import busy
from .known import Known
from .standing import Ground, obeyed, prove
from .talk import Shown, Status

# A path, not an address: the probe takes firmware from the hub it delivers to, and from nobody else.
MANIFEST = "/api/firmware/manifest"
# A board has no memory to spare for compiling; a virtual probe may run on CPython, which cannot load what is compiled.
FOR_BOARDS = MANIFEST + "?format=mpy"


def ask_update(ground: Ground, known: Known, wait_s: float, sha256: Callable[[bool], str]) -> str:
    """The version the probe had when it said yes; it downloads afterwards. sha256(for a board): the firmware's. Raises TempHubError."""
    met = known.sighting
    board = met.model != "virtual"
    # With it in a signed order, nobody on the way can give a claimed probe another firmware.
    body: dict[str, object] = {"manifest_url": FOR_BOARDS if board else MANIFEST, "sha256": sha256(board)}

    def check(said: Status) -> None:
        if board:
            check_update(met.probe_id, said.heap_free, old=said.takes_base)

    status = _order(ground, known, wait_s, "/update", body, "to update itself", check=check)
    if status is None:
        raise TempHubError(
            f"The firmware of the probe {met.probe_id} is too old to update itself.",
            "Connect the board over USB and run `temphub flash`.",
            code="no_update",
            status=409,
        )
    return status.version or met.version


def ask_identify(ground: Ground, known: Known, wait_s: float) -> None:
    """Have the probe blink, which anybody may. Raises TempHubError."""
    met = known.sighting
    _take(known, wait_s)
    try:
        blinks = ground.talk.order(met, "/identify", {}, "to blink", Shown())
    finally:
        known.talking.release()
    if blinks is None:
        raise TempHubError(
            f"The probe {met.probe_id} has no light to blink with.",
            "Tell it apart by its id, or update its firmware.",
            code="no_identify",
            status=409,
        )


def ask_release(ground: Ground, known: Known | None, probe_id: str, wait_s: float) -> None:
    """Let a probe go: one with our key is told to forget it. Raises TempHubError; then nothing has changed."""
    board = board_of(probe_id)
    if ground.trust.key(board):
        if known is None:
            raise _not_here(board)
        _order(ground, known, wait_s, "/release", {}, "to be released", only=Standing.CLAIMED)
    ground.trust.release(board)


def _order(
    ground: Ground,
    known: Known,
    wait_s: float,
    path: str,
    body: dict[str, object],
    what: str,
    *,
    only: Standing | None = None,
    check: Callable[[Status], None] = lambda said: None,
) -> Status | None:
    """What the probe answers, once nobody else is talking to it. only: skip it, with None, when the probe does not stand so;
    check(what it says of itself): raises where the order would be in vain."""
    met = known.sighting
    _take(known, wait_s)
    try:
        said = ground.talk.status(met.probe_id, met.ip, met.port) or Status()
        if only is not None and ground.trust.look(board_of(met.probe_id), said.key_id)[0] is not only:
            return None
        check(said)
        shown = prove(ground, met, said)
        answer = ground.talk.order(met, path, body, what, shown)
        if answer is not None and path != "/release":
            obeyed(ground, met, shown)
        return answer
    finally:
        known.talking.release()


def _take(known: Known, wait_s: float) -> None:
    if not known.talking.acquire(timeout=wait_s):
        raise busy(known.sighting.probe_id)


def _not_here(board: str) -> TempHubError:
    return TempHubError(
        f"The probe {board} is not here, so it cannot be told that it is released, and keeps its key.",
        "Switch it on and try again, or hold its button for 5 s: then it forgets its key by itself.",
        code="unknown_probe",
        status=404,
    )
