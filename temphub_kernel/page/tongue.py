"""Which language a page speaks, and its words in it. Any thread.

A page's choice like its unit, and what its browser said like its zone. It is kept by visit: whatever a
visit's message, task or thread says is in its language without being told. A kernel of one's own speaks one
language.
"""

from typing import Any

from ..jupyter import sessions
from ..language import LANGUAGES, said, texts_of

CHOICES = LANGUAGES
_spoken: dict[str, str] = {}
_last = LANGUAGES[0]


def speak(language: str) -> None:
    """Have this visit's page speak a language from here on."""
    global _last
    _spoken[sessions.VISIT.get()] = _last = language


def silent() -> None:
    """This visit's page is over."""
    _spoken.pop(sessions.VISIT.get(), None)


def spoken() -> str:
    """The language of the page for which this is called."""
    return _spoken.get(sessions.VISIT.get(), LANGUAGES[0])


def usual() -> str:
    """The language of the next page, as long as nobody knows better: that of the last one. Its widgets are
    made before a browser asks, and made anew for one that wants another."""
    return _last if sessions.VISIT.get() else LANGUAGES[0]


def word(part: str, name: str) -> Any:
    """A word of a part of the texts, in the language that is spoken. Raises AttributeError: modules of words
    ask here."""
    try:
        return texts_of(spoken())[part][name]
    except KeyError:
        raise AttributeError(f"there is no word {name} in the part {part}") from None


def told(text: object, language: str = "") -> str:
    """A sentence of the hub's, which says it in English, in the language that is spoken, or in another."""
    return said(str(text), language or spoken())


def sign(what: str) -> Any:
    """How the language writes something, such as its `decimal` sign."""
    return texts_of(spoken())["language"][what]
