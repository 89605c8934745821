"""What the page says: `words.TITLE` is TITLE of the part [page] in the language that is spoken, see
language/words/. Any thread."""

from typing import Any

from . import tongue


def __getattr__(name: str) -> Any:
    return tongue.word("page", name)
