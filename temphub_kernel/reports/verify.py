"""Whether a report still says what the journal has: `temphub report --verify FILE`. One thread.

A report names in itself the time, the probes and the SHA-256 of each part that it was made of. These are
worked out again; and where the same TempHub looks, the whole file is made again and compared to the last
byte, since a number on the paper can be changed as well.
"""

import base64
import binascii
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from .._version import __version__
from ..core import BadRequest, NotFound, TempHubError, iso_utc
from ..journal import Reader
from .content import gather
from .make import MARK, make
from .order import ReportOrder, order_of

MARKED = re.compile(re.escape(MARK.encode()) + rb"([A-Za-z0-9_-]{40,20000})")
MOST_BYTES = 200_000_000
PARTS = {
    "readings": "the readings",
    "probes": "names, groups or notes of probes",
    "limits": "the limits",
    "alarms": "alarms, or what was said of them",
    "remarks": "remarks, or what is struck out",
    "calibrations": "calibrations",
}


class Claim(NamedTuple):
    """What a report says of itself."""

    order: ReportOrder
    made_ms: int
    version: str
    parts: dict[str, str]


class Verdict(NamedTuple):
    """changed: which parts are not what they were; same_file: whether the file is what is made of them, None
    where that is not known."""

    claim: Claim
    changed: tuple[str, ...]
    same_file: bool | None

    @property
    def good(self) -> bool:
        """Whether nothing speaks against the report."""
        return not self.changed and self.same_file is not False

    def words(self, name: str) -> str:
        """The verdict for a person."""
        when, whole = iso_utc(self.claim.made_ms), "what it rests on is in the journal as it was then"
        if self.changed:
            told = ", ".join(PARTS.get(part, part) for part in self.changed)
            return f"{name}, made {when}: not as then any more: {told}."
        if self.same_file is False:
            return (
                f"{name}, made {when}: {whole}, but the file itself is not what was made of it: it was "
                "changed afterwards."
            )
        if self.same_file:
            return f"{name}, made {when}: {whole}, and the file is to the last byte what is made of it."
        return (
            f"{name}, made {when}: {whole}; whether the file was changed is only known to TempHub "
            f"{self.claim.version}, which made it."
        )


def verify(journal: Path, path: Path) -> Verdict:
    """Compare a report with the journal. Raises TempHubError for what is no report, and for probes that are
    not in this journal."""
    raw = _read(path)
    claim = claim_of(raw, path)
    with Reader(journal) as reader, reader.at_once():
        try:
            found = gather(reader, claim.order, claim.made_ms).fingerprint.parts
        except NotFound as error:
            problem = (
                f"{path.name} is of probes or of a group that this journal does not have, so it cannot "
                "be compared."
            )
            raise NotFound(
                problem,
                "Run the command where that hub's data are; DATA_DIR names the folder.",
                code=error.code,
            ) from error
    changed = tuple(name for name in PARTS if found.get(name) != claim.parts.get(name))
    if changed or claim.version != __version__:
        return Verdict(claim, changed, None)
    return Verdict(claim, changed, make(journal, claim.order, claim.made_ms) == raw)


def claim_of(raw: bytes, path: Path) -> Claim:
    """What a file says of itself. Raises TempHubError when it is no report, or says what none can."""
    found = MARKED.search(raw)
    try:
        if found is None:
            raise ValueError("no mark")
        said: dict[str, Any] = json.loads(base64.urlsafe_b64decode(found[1] + b"=" * (-len(found[1]) % 4)))
        parts, made_ms, version = said["parts"], said["made_ms"], said["version"]
        if (
            type(made_ms) is not int
            or not 0 < made_ms < 10**14
            or not isinstance(version, str)
            or not isinstance(parts, dict)
        ):
            raise ValueError("not what a report says of itself")
        return Claim(
            order_of(said["order"]),
            made_ms,
            version[:40],
            {str(name): str(value) for name, value in parts.items()},
        )
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        binascii.Error,
        RecursionError,
        TempHubError,
    ) as error:
        raise BadRequest(
            f"{path} is no report of TempHub, or was changed so that it cannot be known as one.",
            "Give the file as `temphub report` or the page made it, not one that was printed or saved by "
            "another program.",
            code="no_report",
        ) from error


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadRequest(
                f"{path} is larger than any report.", "Give the file of a report.", code="no_report"
            )
        return path.read_bytes()
    except OSError as error:
        raise TempHubError(
            f"{path} cannot be read ({error.strerror or error}).",
            "Give the name of a report that is there.",
            code="no_file",
        ) from error
