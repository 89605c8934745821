"""Which probe holds which key, whom a person vouched for, whether a delivery is what it says, and why not, in
words. Any thread."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ..core import BadRequest, Conflict, NotAllowed, TempHubError, board_of, monotonic_s, now_ms
from .keys import CLAIMED, HIGHEST, KEYS_FILE, OFFERED, RELEASED, TRUSTED, Kept, read_keys, write_keys
from .signatures import reply, report, same
from .standing import REMEMBERED, Standing, standing_of


def unsigned(board: str) -> TempHubError:
    """Somebody delivers under the name of a board that has a key."""
    return _401(
        "signature_missing",
        f"The probe {board} has a key of this hub, and this delivery is not signed with it, so nothing was "
        "stored.",
        f"If {board} was reset, press Trust beside it on the hub's page, or run `temphub trust {board}`; "
        "else use another probe_id.",
    )


def wrong_signature(board: str) -> TempHubError:
    """The signature does not fit the body."""
    return _401(
        "wrong_signature",
        f"The signature of this delivery was not made with the key of the probe {board}, so nothing was "
        "stored.",
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


# Beyond any plant; a device that makes up names must not fill the memory.
MOST = 16_384
# So many counters are set aside with one write: a probe that delivers once a second needs the next after 34
# years, and 8 million starts of a hub whose clock stands still use up all that there are.
AHEAD = 1 << 30
# Between two writes of all keys lies so many times what one takes: it is nothing beside a claim, and with
# thousands of claims in a row most share one.
REST, MOST_REST_S = 4.0, 0.5


class Trust:
    """The register. approve: a person says yes to each board first. damaged: empty, or the name under which a
    broken file now lies.

    on_change: called, in whatever thread, after a standing changed.
    """

    def __init__(self, data_dir: Path, *, approve: bool = False) -> None:
        """Raises TempHubError when the file of keys cannot be read."""
        self._path = data_dir / KEYS_FILE
        self._approve = approve
        self._boards, self.damaged = read_keys(self._path)
        # Held while the file is written, and taken before the other one.
        self._writing = threading.Lock()
        self._lock = threading.Lock()
        # What is to be kept with the next write.
        self._waiting: list[_Change] = []
        self._rests_until_s = 0.0
        self._seen: dict[str, Standing] = {}
        # The key that a board has shown to have saved, while the file says that it was offered.
        self._shown: dict[str, bytes] = {}
        # Counters begin above this and above what was set aside before this start (a clock may have been put
        # back since): so nothing that was heard then can be delivered again now.
        self._start = now_ms()
        self._begins = {
            board: kept.beyond for board, kept in self._boards.items() if kept.beyond > self._start
        }
        self._counters: dict[str, int] = {}
        self.on_change: Callable[[], None] = lambda: None

    def admit(
        self, probe_id: str, path: str, body: bytes, counter: str | None, signature: str | None
    ) -> "Proven | None":
        """Who delivered this: None for an unsigned delivery that may stand. Raises TempHubError (401, 409,
        400).

        On the way of every reading: for a probe without a key one look into a dictionary.
        """
        board = board_of(probe_id)
        kept = self._kept(board)
        if signature is None:
            if kept is not None and kept.state == CLAIMED:
                raise unsigned(board)
            return None
        if kept is None or not kept.key:
            raise unknown_key(board)
        number = (
            int(counter)
            if counter and counter.isascii() and counter.isdigit() and len(counter) < 17
            else HIGHEST
        )
        if number >= HIGHEST:
            raise bad_counter(counter)
        if not same(signature, report(kept.key, path, number, body)):
            raise wrong_signature(board)
        proven = Proven(kept.key, number)
        with self._lock:
            counted = self._count(board, proven)
        if not counted:
            with self._writing:
                self._set_aside(board, number)
            with self._lock:
                self._count(board, proven)
        if kept.state == OFFERED:
            # It signs with the key, so it has saved it: the hub missed the reply that said so. Written by
            # `settle`: where thousands are claimed in a row all other deliveries would wait for the file.
            self._shown[board] = kept.key
        return proven

    def settle(self) -> None:
        """Write down which boards have shown that they saved the key that was offered. Now and then, not in
        the thread of deliveries. Raises TempHubError."""
        shown = list(self._shown.items())
        changes = [
            _Change(board, kept._replace(state=CLAIMED))
            for board, key in shown
            if (kept := self._boards.get(board)) is not None and kept.state == OFFERED and kept.key == key
        ]
        if changes:
            self._keep(*changes)
        # What was offered meanwhile has another key.
        for board, _ in shown:
            self._shown.pop(board, None)
        for one in changes:
            self.saw(one.board, Standing.CLAIMED)

    def _kept(self, board: str) -> Kept | None:
        """What is known of a board."""
        kept = self._boards.get(board)
        if kept is not None and kept.state == OFFERED and self._shown.get(board) == kept.key:
            return kept._replace(state=CLAIMED)
        return kept

    def approved(self, probe_id: str, *, with_token: bool) -> None:
        """Raises TempHubError (401) for an unsigned delivery that nobody said yes to, while a yes is
        wanted."""
        if self._approve and not with_token:
            kept = self._boards.get(board_of(probe_id))
            if kept is None or kept.state == RELEASED:
                raise not_approved(probe_id)

    def look(self, board: str, told: str | None) -> tuple[Standing, bytes]:
        """(how a board stands that says `told` as its key_id, our key for it or nothing). told: None when its
        firmware knows no keys."""
        return standing_of(self._kept(board) or Kept(""), told, approve=self._approve)

    def saw(self, board: str, standing: Standing) -> None:
        """Note how a board stands now."""
        with self._lock:
            news = self._seen.get(board) != standing and (board in self._seen or len(self._seen) < MOST)
            if news:
                self._seen[board] = standing
        if news:
            self.on_change()

    def offer(self, board: str, key: bytes) -> None:
        """A board agreed to a key; on disk before the order that has it saved there. Raises TempHubError."""
        self._keep(_Change(board, Kept(OFFERED, key)))

    def confirm(self, board: str) -> None:
        """The board has saved the key that was offered. Raises TempHubError."""
        kept = self._boards.get(board)
        if kept is not None and kept.state == OFFERED:
            self._keep(_Change(board, kept._replace(state=CLAIMED)))
        self.saw(board, Standing.CLAIMED)

    def trust(self, board: str) -> None:
        """A person says yes. A key that the board says it has lost is given up. Raises TempHubError."""
        kept = self._boards.get(board)
        if (
            kept is None
            or kept.state == RELEASED
            or self._seen.get(board) in (Standing.FORGOT, Standing.FOREIGN)
        ):
            self._keep(_Change(board, Kept(TRUSTED)))
        with self._lock:
            self._seen.pop(board, None)
        self.on_change()

    def claimed(self, board: str) -> bool:
        """Whether a board holds a key of ours, so that only what it signs is its own."""
        kept = self._kept(board)
        return kept is not None and kept.state == CLAIMED

    def vouched(self, board: str) -> bool:
        """Whether a person said yes to a board that has no key of ours yet."""
        kept = self._boards.get(board)
        return kept is not None and kept.state == TRUSTED

    def release(self, board: str) -> None:
        """The board was let go; it is not taken again by itself. Raises TempHubError."""
        self._keep(_Change(board, Kept(RELEASED)))
        self.saw(board, Standing.RELEASED)

    def key(self, board: str) -> bytes:
        """Our key for a board; empty when there is none."""
        kept = self._boards.get(board)
        return kept.key if kept else b""

    def standings(self) -> dict[str, str]:
        """How each board stands that was seen, or is remembered."""
        with self._lock:
            seen = dict(self._seen)
        # Without the lock, for which deliveries would wait: the boards are others each time that one changes.
        kept = {board: REMEMBERED[one.state] for board, one in self._boards.items()}
        return kept | {board: standing.value for board, standing in seen.items()}

    def _count(self, board: str, proven: "Proven") -> bool:
        """Use up a counter; False where more have to be set aside before. Raises Repeated for one that may
        have been used, TempHubError for a key that is no more."""
        if self._boards[board].key != proven.key:
            raise unknown_key(board)
        highest = self._counters.get(board, max(self._start, self._begins.get(board, 0)))
        if proven.counter <= highest:
            raise Repeated(proven, highest)
        if proven.counter >= self._boards[board].beyond:
            return False
        self._counters[board] = proven.counter
        return True

    def _set_aside(self, board: str, counter: int) -> None:
        """Raises TempHubError when it cannot be written."""
        # For all boards at once: as a rule one write for each start of the hub.
        beyond = {board: counter + AHEAD}
        with self._lock:
            for other, kept in self._boards.items():
                if kept.key and other not in self._counters:
                    beyond.setdefault(other, max(self._start, self._begins.get(other, 0)) + AHEAD)
        self._write(
            {
                **self._boards,
                **{
                    one: self._boards[one]._replace(beyond=min(many, HIGHEST)) for one, many in beyond.items()
                },
            }
        )

    def _keep(self, *mine: "_Change") -> None:
        """On disk with all others that wait by then: of thousands that are claimed in a row not each has all
        keys written anew. Raises TempHubError."""
        with self._lock:
            self._waiting += mine
        if (rest_s := self._rests_until_s - monotonic_s()) > 0:
            threading.Event().wait(min(rest_s, MOST_REST_S))
        with self._writing:
            if not all(one.is_done for one in mine):
                self._keep_all()
        for one in mine:
            if one.error is not None:
                raise one.error

    def _keep_all(self) -> None:
        with self._lock:
            changes, self._waiting = self._waiting, []
        boards = dict(self._boards)
        anew = [one.board for one in changes if self._change(boards, one)]
        # Deliveries must not wait for it.
        began_s = monotonic_s()
        try:
            self._write(boards)
        except TempHubError as error:
            for one in changes:
                one.error = error
        else:
            with self._lock:
                for board in anew:
                    self._counters.pop(board, None)
                    self._begins.pop(board, None)
        self._rests_until_s = monotonic_s() + REST * (monotonic_s() - began_s)
        for one in changes:
            one.is_done = True

    def _change(self, boards: dict[str, Kept], one: "_Change") -> bool:
        """Whether the board has another key now, or none."""
        kept, before = one.kept, boards.get(one.board, Kept(""))
        # What was signed with another key is worth nothing any more; with the same one it must not come
        # twice. The first counters are set aside at once, or each new board's first delivery would do it.
        same_key = bool(kept.key) and kept.key == before.key
        first = min(self._start + AHEAD, HIGHEST) if kept.key else 0
        boards[one.board] = kept._replace(beyond=before.beyond if same_key else first)
        return not same_key

    def _write(self, boards: dict[str, Kept]) -> None:
        write_keys(self._path, boards)
        # A new one each time: readers look into it without the lock.
        self._boards = boards


class _Change:
    """One that waits to be written. error: why it was not."""

    def __init__(self, board: str, kept: Kept) -> None:
        self.board, self.kept = board, kept
        self.is_done = False
        self.error: TempHubError | None = None


class Proven(NamedTuple):
    """The holder of a board's key delivered this."""

    key: bytes
    counter: int

    def reply(self, status: int, body: bytes) -> str:
        """The signature of the reply to it, which nobody else could make."""
        return reply(self.key, self.counter, status, body)


class Repeated(Conflict):
    """Raised when a delivery is genuine, and one with that counter was possible before: as it was heard, or
    before this hub's start.

    `highest` is told to the probe, which goes on after it.
    """

    code = "counter_used"

    def __init__(self, proven: Proven, highest: int) -> None:
        super().__init__(
            f"A delivery with this counter was possible before ({highest} is the highest), so it was not "
            "stored again.",
            "Go on after that counter and send it signed anew.",
        )
        self.proven = proven
        self.highest = highest

    def as_json(self) -> dict[str, object]:
        """With the counter to go on from."""
        return {**super().as_json(), "counter": self.highest}
