"""Making a report: gathered from the journal, laid out, set, and kept as a file that stands under its name
only when it is whole. One thread.
"""

import base64
import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .._version import __version__
from ..core import TempHubError, now_ms
from ..exports.run import disk_error
from ..journal import Reader
from .content import Content, Progress, gather
from .document import document
from .order import ReportOrder

# By it a report is known again, whatever its file is called.
MARK = "temphub-report:"


def make(
    journal: Path, order: ReportOrder, made_ms: int = 0, progress: Progress = lambda _share, _probes: None
) -> bytes:
    """The file. made_ms: when it was made; now by default. Raises TempHubError."""
    made_ms = made_ms or now_ms() // 1000 * 1000
    # Of one moment: what is stored or struck out between two questions would break it.
    with Reader(journal) as reader, reader.at_once():
        content = gather(reader, order, made_ms, progress)
    told, mark = document(content, __version__), mark_of(content)
    # What sets a PDF takes memory and a moment to load.
    if order.form == "html":
        from .html import html_of

        return html_of(told, mark)
    from .pdf import pdf_of

    return pdf_of(told, mark, made_ms)


def mark_of(content: Content) -> str:
    """What a report says of itself to `verify`, in letters that every file takes."""
    said: dict[str, Any] = {
        "order": asdict(content.order),
        "made_ms": content.made_ms,
        "version": __version__,
        "parts": content.fingerprint.parts,
    }
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return MARK + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def write(
    journal: Path,
    order: ReportOrder,
    out: Path,
    *,
    force: bool = False,
    progress: Progress = lambda _share, _probes: None,
) -> int:
    """Make the file `out`, whole or not at all; returns its size. Raises TempHubError when it exists (unless
    `force`), or cannot be written."""
    _check_free(out, force)
    made = make(journal, order, progress=progress)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.stem}-", dir=out.parent) as folder:
            half = Path(folder) / out.name
            half.write_bytes(made)
            _check_free(out, force)
            half.replace(out)
    except OSError as error:
        raise disk_error(error, out) from error
    return len(made)


def _check_free(out: Path, force: bool) -> None:
    if out.exists() and not force:
        raise TempHubError(
            f"{out} exists already, so no report was made.",
            "Give another name with --out, or --force to replace it.",
            code="file_exists",
        )
