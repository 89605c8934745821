"""A report as PDF/A-1a: tagged, its fonts within, the same to the last byte whenever the same is set. The
report's own process."""

import json
import re
from pathlib import Path
from typing import Any, Literal

import typst

from ..core import HubFault

TEMPLATE = Path(__file__).parent / "report.typ"
# Part 1 is what the oldest archive takes; conformance level a: tagged, so that it can be read aloud and
# searched.
Standard = Literal["a-1a", "a-2a"]
# What the fonts that come with the typesetter have signs for: Latin, Greek, Cyrillic, and what stands between
# words.
PLAIN = re.compile(
    "[^\\n\\u0020-\\u007e\\u00a0-\\u017f\\u0192\\u0218-\\u021b\\u0386\\u0388-\\u038a\\u038c\\u038e-\\u03a1\\u03a3-\\u03ce\\u0400-\\u045f"
    "\\u0490\\u0491\\u2010-\\u2015\\u2018-\\u201e\\u2020-\\u2022\\u2026\\u2030\\u2032\\u2033\\u2039\\u203a\\u20ac\\u2122\\u2190-\\u2193"
    "\\u2212\\u2264\\u2265\\u0394\\u03a9]"
)

PLAINEST = re.compile(
    "[^\\n\\u0020-\\u007e\\u00a0-\\u00ac\\u00ae-\\u00ff\\u0394\\u2013\\u201c-\\u201e\\u2026\\u2192\\u2212]"
)

# A sign that its fonts have in another version only; a list that is longer than part 1 has any: then what is
# next best.
TRIES: tuple[tuple[re.Pattern[str], Standard], ...] = (
    (PLAIN, "a-1a"),
    (PLAINEST, "a-1a"),
    (PLAINEST, "a-2a"),
)


def pdf_of(told: dict[str, Any], mark: str, made_ms: int) -> bytes:
    """The document (see document.py) as a PDF. mark: stands among its keywords. Raises TempHubError."""
    problem = ""
    for signs, standard in TRIES:
        try:
            return _set(plain(told, signs), mark, made_ms, standard)
        except typst.TypstError as error:
            problem = error.message
    raise HubFault(
        f"The report could not be set as a PDF ({problem}).",
        "Make it as HTML (--out FILE.html), which needs no fonts, and tell the makers of TempHub.",
        code="report_failed",
    )


def _set(told: dict[str, Any], mark: str, made_ms: int, standard: Standard) -> bytes:
    return typst.compile(
        TEMPLATE.read_bytes(),
        sys_inputs={"data": json.dumps({**told, "mark": mark})},
        pdf_standards=[standard],
        # Others on this computer might have another face, and the same report would not be the same file.
        ignore_system_fonts=True,
        timestamp=made_ms // 1000,
    )


def plain(told: Any, signs: re.Pattern[str] = PLAIN) -> Any:
    """The same, with signs that no font here has as their numbers, such as [U+1F9CA]: a box would say
    nothing. signs: which those are."""
    if isinstance(told, str):
        return signs.sub(lambda sign: f"[U+{ord(sign[0]):04X}]", told)
    if isinstance(told, list):
        return [plain(one, signs) for one in told]
    if isinstance(told, dict):
        return {name: plain(value, signs) for name, value in told.items()}
    return told
