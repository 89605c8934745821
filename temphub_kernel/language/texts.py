"""The texts of each language, and which language somebody wants. Any thread; pure."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

# The first is what is spoken to who wants another one.
LANGUAGES = ("en", "de", "fr")
FOLDER = Path(__file__).parent / "words"
# What an address calls the choice of a language.
CHOSEN = "language"
MOST_WISHES, LONGEST = 40, 4_000


@cache
def texts_of(language: str) -> dict[str, dict[str, Any]]:
    """Every text of a language: by the part of TempHub that says it, and there by its name. Lists are tuples.

    Raises FileNotFoundError for a language that is none of LANGUAGES."""
    with (FOLDER / f"{language}.toml").open("rb") as file:
        return {part: _frozen(texts) for part, texts in tomllib.load(file).items()}


def spoken_by(wishes: str, query: str = "") -> str:
    """The language to speak to a browser. wishes: its header Accept-Language; query: of the address, which
    may choose one. What cannot be understood is no wish; who wants no language that there is gets English."""
    chosen = dict(parse_qsl(query, max_num_fields=50)) if len(query) < LONGEST else {}
    if chosen.get(CHOSEN) in LANGUAGES:
        return chosen[CHOSEN]
    found = [_wish(one) for one in wishes[:LONGEST].split(",")[:MOST_WISHES]]
    # Of two that are wanted as much, the one that is named first.
    known = [(weight, name) for weight, name in found if weight > 0 and name in (*LANGUAGES, "*")]
    name = max(known, key=lambda one: one[0])[1] if known else LANGUAGES[0]
    return LANGUAGES[0] if name == "*" else name


def in_words(problem: str, remedy: str, code: str, language: str) -> tuple[str, str]:
    """(problem, remedy) of an error as a page for people says them: by its code, where the language has words
    for it, else as it says them itself, in English."""
    texts = texts_of(language).get("errors", {})
    told: tuple[str, str] = texts.get(code, (problem, remedy))
    return told


def _wish(told: str) -> tuple[float, str]:
    """(how much, which) of `fr-CH;q=0.8`."""
    name, _, weight = told.partition(";")
    try:
        much = float(weight.partition("=")[2] or 1)
    except ValueError:
        much = 0.0
    return much, name.strip().lower().partition("-")[0]


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _frozen(one) for name, one in value.items()}
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
