"""The texts of all languages, and which one a browser is spoken to in."""

import string
from collections.abc import Iterator
from typing import Any

import pytest

from temphub_kernel.language import FOLDER, LANGUAGES, spoken_by, texts_of

# How a day or a number is written differs, and is no text.
FORMS = "language."


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every text with its whole name."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from leaves(one, f"{name}.{key}" if name else str(key))
    elif isinstance(value, tuple):
        for place, one in enumerate(value):
            yield from leaves(one, f"{name}[{place}]")
    else:
        yield name, value


def places(text: str) -> list[str]:
    """The `{…}` of a text, as often as they stand in it."""
    found = string.Formatter().parse(text)
    return sorted(f"{name}:{form}" for _, name, form, _ in found if name is not None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_languages_say_the_same(language: str) -> None:
    """Each language has every text with the same values in it, in one file; no other file is there."""
    english, told = (dict(leaves(texts_of(name))) for name in (LANGUAGES[0], language))
    assert {path.stem for path in FOLDER.glob("*.toml")} == set(LANGUAGES) and len(english) > 600
    # An error says it in English itself.
    told = {name: text for name, text in told.items() if not name.startswith("errors.")}
    assert not english.keys() ^ told.keys()
    empty = [name for name, text in told.items() if text == "" and english[name] != ""]
    assert not empty
    differ = [
        name
        for name, text in told.items()
        if not name.startswith(FORMS)
        and (places(text) != places(english[name]) if isinstance(text, str) else text != english[name])
    ]
    assert not differ


def test_texts_are_written_once_in_order() -> None:
    """Whoever looks for a word finds it at the same place of each file."""
    names = [[name for name, _ in leaves(texts_of(language))] for language in LANGUAGES]
    errors = [[name for name in some if name.startswith("errors.")] for some in names]
    assert errors[1] and not errors[0] and errors[2:] == errors[1:-1]
    plain = [[name for name in some if not name.startswith("errors.")] for some in names]
    assert plain[1:] == plain[:-1]


@pytest.mark.parametrize(
    ("wishes", "query", "language"),
    [
        ("", "", "en"),
        ("de-CH", "", "de"),
        ("fr;q=0.4, de-AT;q=0.8, en;q=0.1", "", "de"),
        ("it, nl;q=0.9", "", "en"),
        ("it, FR;q=0.5, *;q=0.1", "", "fr"),
        ("*", "", "en"),
        ("de;q=0, en;q=0.1", "", "en"),
        ("de;q=much, fr;q=0.2", "", "fr"),
        ("de;q=nan, fr;q=0.2", "", "fr"),
        ("de, fr", "", "de"),
        ("de", "window=24h&language=fr", "fr"),
        ("de", "language=auto", "de"),
        ("de", "language=tlh", "de"),
        ("fr, " + "x, " * 9_000, "language=" + "d" * 9_000, "fr"),
        (", ;;q=, =;", "&&=&language", "en"),
    ],
)
def test_who_is_spoken_to_in_which_language(wishes: str, query: str, language: str) -> None:
    """The address decides, then what the browser would rather have; who wants another one gets English, and
    nonsense is no wish."""
    assert spoken_by(wishes, query) == language
