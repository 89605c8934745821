"""The file of probes' keys, and agreeing on a key so that it never travels. Any thread."""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import signatures

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

import json
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from ..core import DiskFull, TempHubError, stamp_for_name, write_private


@dataclass(frozen=True)
class Exchange:
    """The hub's half of one claim, used once."""

    private: "X25519PrivateKey"
    public: str

    @classmethod
    def begin(cls) -> "Exchange":
        """A fresh pair; `public` is sent to the probe."""
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

        private = X25519PrivateKey.generate()
        return cls(private, private.public_key().public_bytes_raw().hex())

    def proof(self, token: str) -> str:
        """Shows a probe that holds a token that we know it, without sending it."""
        return signatures.mac(token.encode(), b"claim\n" + self.public.encode())

    def finish(self, board: str, theirs: object, proof: object) -> bytes | None:
        """The key, from the probe's public value and its proof that it has the same one; None when they do
        not fit together."""
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

        if not isinstance(theirs, str) or not isinstance(proof, str) or not signatures.is_hex(theirs, 64):
            return None
        try:
            shared = self.private.exchange(X25519PublicKey.from_public_bytes(bytes.fromhex(theirs)))
        except ValueError:
            # A point that gives everybody the same key.
            return None
        key = hashlib.sha256(
            b"temphub key 1\n" + shared + bytes.fromhex(self.public) + bytes.fromhex(theirs)
        ).digest()
        return key if signatures.same(proof, signatures.mac(key, b"claimed\n" + board.encode())) else None


KEYS_FILE = "temphub.keys.json"
# offered: the probe has not confirmed its key yet, as far as we know; trusted: without a key, a person
# vouched for it.
OFFERED, CLAIMED, TRUSTED, RELEASED = "offered", "claimed", "trusted", "released"
STATES = (OFFERED, CLAIMED, TRUSTED, RELEASED)


# Counters and the numbers that are kept of them stay below this.
HIGHEST = 1 << 53


class Kept(NamedTuple):
    """What is remembered of a board. key: empty unless offered or claimed; beyond: every counter it used so
    far is below this."""

    state: str
    key: bytes = b""
    beyond: int = 0

    def as_json(self) -> dict[str, object]:
        """Its entry in the file."""
        return {
            "state": self.state,
            **({"key": self.key.hex()} if self.key else {}),
            **({"beyond": self.beyond} if self.beyond else {}),
        }


def read_keys(path: Path) -> tuple[dict[str, Kept], str]:
    """(boards, empty or what became of a damaged file). Raises TempHubError when a file that is there cannot
    be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}, ""
    except UnicodeDecodeError:
        text = ""
    except OSError as error:
        raise TempHubError(
            f"The probes' keys in {path} cannot be read ({error.strerror or error}), so the hub did not "
            "start.",
            "Give this user the right to read and write that file.",
            code="keys_unreadable",
        ) from error
    try:
        boards = json.loads(text)["boards"]
        return {board: _kept(value) for board, value in boards.items()}, ""
    except (ValueError, TypeError, KeyError, AttributeError):
        aside = path.with_name(f"{path.stem}-damaged-{stamp_for_name()}{path.suffix}")
        path.replace(aside)
        return {}, aside.name


def write_keys(path: Path, boards: dict[str, Kept]) -> None:
    """Keep them on disk. Raises TempHubError."""
    # A line each, remembered: thousands that are claimed in a row are written again and again.
    lines = ",\n".join([_line(board, kept) for board, kept in sorted(boards.items())])
    try:
        write_private(path, f'{{"version": 1, "boards": {{\n{lines}\n}}}}')
    except OSError as error:
        raise DiskFull(
            f"The probes' keys cannot be written to {path} ({error.strerror or error}), so nothing was "
            "changed.",
            "Make room on the disk, or give this user the right to write there; it is tried again by itself.",
            code="keys_not_saved",
        ) from error


@lru_cache(maxsize=16_384)
def _line(board: str, kept: Kept) -> str:
    return f"{json.dumps(board)}: {json.dumps(kept.as_json())}"


def _kept(value: Any) -> Kept:
    state, key, beyond = value["state"], value.get("key", ""), value.get("beyond", 0)
    if state not in STATES or (state in (OFFERED, CLAIMED)) != signatures.is_hex(
        key, 2 * signatures.KEY_BYTES
    ):
        raise ValueError(state)
    if type(beyond) is not int or not 0 <= beyond <= HIGHEST:
        raise ValueError(beyond)
    return Kept(state, bytes.fromhex(key), beyond)
