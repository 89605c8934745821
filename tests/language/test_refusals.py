"""What the forms of the page can be refused is said in the language of the page; the command line and the API
stay English."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from temphub_kernel.alarms import Rule, life
from temphub_kernel.alarms.preview import text_of
from temphub_kernel.api import schemas
from temphub_kernel.api.handlers import alarms as alarm_handlers, annotations as annotation_handlers
from temphub_kernel.core import TempHubError, now_ms
from temphub_kernel.core.reading import Row
from temphub_kernel.journal import Writer, annotate, describe, state, strike_out
from temphub_kernel.language import LANGUAGES, said

FRIDGE = {"kind": "above", "probes": ["Fridge"], "limit_c": 8}
LONG = "x" * 3_000
MANY = [f"Anna {n}" for n in range(1_100)]
# What somebody types into a form, or a form sends when a page is long out of date.
RULES: dict[str, dict[str, Any]] = {
    "limit": {"limit_c": 9999.0},
    "minutes": {"delay_min": 1e9},
    "again": {"repeat_min": -5.0},
    "then": {"escalate_min": 1e9},
    "then nobody": {"escalate_min": 5.0},
    "many names": {"channels": MANY},
    "long name": {"channels": [LONG]},
    "many others": {"escalate_to": MANY},
    "long other": {"escalate_to": [LONG]},
}
TYPED: dict[str, Callable[[], Any]] = {
    "who": lambda: life.check_by(LONG),
    "comment": lambda: alarm_handlers.said({"comment": LONG}, "comment"),
    "action": lambda: alarm_handlers.said({"action": LONG}, "action", required=True),
    "why": lambda: annotation_handlers.note_field({"note": LONG}),
    "until": lambda: schemas.int_field({"minutes": 10**9}, "minutes", 1, 10_000, required=True),
    "by": lambda: alarm_handlers.said({"by": LONG}, "by", most=life.MOST_BY),
    "gone note": lambda: _raise(annotation_handlers.unknown("annotation", 7)),
    "gone thermocouple": lambda: _raise(annotation_handlers.unknown("thermocouple", 7)),
}
KEPT: dict[str, Callable[[Writer], Any]] = {
    "name": lambda writer: describe(writer, "Fridge", {"alias": "\x07"}),
    "group": lambda writer: describe(writer, "Fridge", {"group": LONG}),
    "remark": lambda writer: describe(writer, "Fridge", {"note": LONG}),
    "note": lambda writer: annotate(writer, 1, 1, LONG),
    "strike": lambda writer: strike_out(writer, "Fridge", now_ms() + 90_000, now_ms() + 99_000),
    "times": lambda writer: state(writer, "Fridge", "K", chip="max31855", from_ms=9_000, to_ms=1_000),
    "cold": lambda writer: state(writer, "Fridge", "K", chip="max31855", cold_c=999.0),
    "twice": lambda writer: [state(writer, "Fridge", letter, chip="max31855") for letter in "NJ"],
}


def _raise(error: Exception) -> None:
    raise error


def refusal(what: Callable[[], Any]) -> TempHubError:
    with pytest.raises(TempHubError) as met:
        what()
    return met.value


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Writer]:
    folder: Path = tmp_path_factory.mktemp("refusals")
    writer = Writer(folder / "temphub.sqlite3", gather_s=0)
    writer.start()
    writer.store([Row("Fridge", None, None, now_ms(), now_ms(), 40_000, None)])
    yield writer
    writer.stop(10)


def check(error: TempHubError, language: str) -> None:
    for text in (error.problem, error.remedy):
        told = said(text, language)
        assert told != text and " is " not in told and "Give " not in told and "Send " not in told, told


@pytest.mark.parametrize("language", LANGUAGES[1:])
@pytest.mark.parametrize("typed", RULES)
def test_a_limit_that_cannot_be(typed: str, language: str) -> None:
    """Whoever types a limit, minutes or names that no rule can have is told so."""
    check(refusal(lambda: Rule.from_json({**FRIDGE, **RULES[typed]})), language)


@pytest.mark.parametrize("language", LANGUAGES[1:])
@pytest.mark.parametrize("typed", TYPED)
def test_what_is_typed_about_alarms(typed: str, language: str) -> None:
    """Whoever says too much, or mutes for ever, is told so."""
    check(refusal(TYPED[typed]), language)


@pytest.mark.parametrize("language", LANGUAGES[1:])
@pytest.mark.parametrize("typed", KEPT)
def test_what_cannot_be_kept(typed: str, language: str, writer: Writer) -> None:
    """Names, notes, times and thermocouples that cannot be are refused in words."""
    check(refusal(lambda: KEPT[typed](writer)), language)


@pytest.mark.parametrize("language", LANGUAGES[1:])
@pytest.mark.parametrize("lengths", [[], [42], [42, 90]])
def test_what_a_limit_would_have_told(lengths: list[int], language: str) -> None:
    """A try of a limit is told in the language of who tries it."""
    told = text_of([one * 60_000 for one in lengths])
    assert said(told, language) != told and ("42 min" in told) == (lengths == [42])
