"""What TempHub says to people, in each language that it speaks: a file each in `words/`, and how numbers and
times are written. See docs/developing/add-a-word.md. Any thread."""

from .language import Language
from .said import said
from .texts import FOLDER, LANGUAGES, in_words, spoken_by, texts_of

__all__ = ["FOLDER", "LANGUAGES", "Language", "in_words", "said", "spoken_by", "texts_of"]
