"""Sentences that the hub makes in English, where they are logged and answered, as a person reads them:
errors, what the doctor found, messages of alarms. Any thread; pure.

`sentences/de.toml` has each sentence of the program, `{}` for what stands in between, and what it is there. A
sentence that nobody translated stays as it is.
"""

import re
import tomllib
from functools import cache, lru_cache
from pathlib import Path

from .texts import LANGUAGES

FOLDER = Path(__file__).parent / "sentences"
# What is longer is no sentence of ours.
LONGEST = 4_000
# `8.3 °C`, `-18.5`: what is written with another decimal sign.
DECIMAL = re.compile(r"(-?\d+)\.(\d+)( °C)?")
Pieces = tuple[str, ...]


@lru_cache(maxsize=2_000)  # what one hub says over and over
def said(text: str, language: str) -> str:
    """A sentence in a language; the same where that is English, or nobody translated it."""
    if language == LANGUAGES[0] or not text or len(text) > LONGEST:
        return text
    exact, patterns = _known(language)
    if text in exact:
        return exact[text]
    for pieces, told in patterns:
        if (values := _between(text, pieces)) is not None:
            return told.format(*(_value(value, language) for value in values))
    return text


def _value(text: str, language: str) -> str:
    """What stands in a sentence: a number, another sentence, or a name."""
    if found := DECIMAL.fullmatch(text):
        return f"{found[1]},{found[2]}{found[3] or ''}"
    return said(text, language)


def _between(text: str, pieces: Pieces) -> list[str] | None:
    """What stands between these pieces, each found as early as it can be; None where they do not fit. Without
    going back, so that no text makes it slow."""
    first, *middle, last = pieces
    if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
        return None
    values, at, end = [], len(first), len(text) - len(last)
    for piece in middle:
        found = text.find(piece, at, end)
        if found < 0:
            return None
        values.append(text[at:found])
        at = found + len(piece)
    values.append(text[at:end])
    return values if all(values) else None


def _telling(english: str) -> tuple[bool, int]:
    """How surely what fits is this sentence."""
    return not english.startswith("{}"), len(english.replace("{}", ""))


@cache
def _known(language: str) -> tuple[dict[str, str], list[tuple[Pieces, str]]]:
    """(sentences without a gap, (pieces, translation) of those with gaps: the most telling ones first)."""
    with (FOLDER / f"{language}.toml").open("rb") as file:
        told: dict[str, str] = tomllib.load(file)
    gaps = {english: text for english, text in told.items() if "{}" in english}
    order = sorted(gaps, key=_telling, reverse=True)
    exact = {english: text for english, text in told.items() if english not in gaps}
    return exact, [(tuple(english.split("{}")), gaps[english]) for english in order]
