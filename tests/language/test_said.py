"""Sentences that the hub makes in English, as people read them."""

import ast
import re
import tomllib
from functools import partial
from pathlib import Path

import pytest

from alarms.outbox import alarm
from temphub_kernel.alarms.telling.delivery import compose
from temphub_kernel.alarms.words import SICK, message
from temphub_kernel.backup.schedule import REMEDY
from temphub_kernel.hub.hub import TWIN
from temphub_kernel.journal import Message
from temphub_kernel.language import LANGUAGES, said
from temphub_kernel.language.said import FOLDER
from temphub_kernel.provisioner import TWIN_REMEDY

PACKAGE = Path(__file__).parents[2] / "temphub_kernel"
OTHERS = LANGUAGES[1:]
SHORTEST = 6


def sentences(language: str) -> dict[str, str]:
    return tomllib.loads((FOLDER / f"{language}.toml").read_text("utf-8"))


def told_by_the_program() -> str:
    """Every text in its source, as it is put together."""
    found = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = (part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
                found.append("".join(map(str, parts)))
    return "\n".join(found)


def test_languages_have_the_same_sentences_with_the_same_values() -> None:
    """What one language says the others say, with each value in it once."""
    english = sentences(OTHERS[0])
    assert len(english) > 250
    for language in OTHERS:
        told = sentences(language)
        assert told.keys() == english.keys()
        for sentence, text in told.items():
            values = re.findall(r"\{(\d*)\}", text)
            assert len(values) == sentence.count("{}"), text
            assert "" in values or sorted(values) == [str(place) for place in range(len(values))], text


def test_the_program_still_says_each_sentence() -> None:
    """A sentence that was changed would be English again without anybody noticing: each long piece of one
    stands in the program."""
    program = told_by_the_program()
    gone = [
        piece
        for sentence in sentences(OTHERS[0])
        for piece in re.split(r"\{\}", sentence)
        if len(piece) >= SHORTEST and not stands(piece, program)
    ]
    assert gone == []


def stands(piece: str, program: str) -> bool:
    """Whether a piece is said as it is, or put together of parts that are."""
    if len(piece) < SHORTEST or piece in program:
        return True
    # Two constants in a row, such as a remedy that several findings end with.
    cuts = [found.end() for found in re.finditer(r"[ ;:,.'] ?", piece)]
    return any(
        piece[:cut].strip(" ;:,.") in program and (cut == len(piece) or stands(piece[cut:].strip(), program))
        for cut in cuts
        if cut > 2
    )


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("Free some space before the disk is full.", "Schaffen Sie Platz, bevor die Festplatte voll ist."),
        (
            "The probe A at 10.0.0.7:80 cannot be reached (timed out), so it was not told where to deliver.",
            "Der Fühler A bei 10.0.0.7:80 ist nicht erreichbar (keine Antwort), also wurde ihm nicht gesagt, "
            "wohin er liefern soll.",
        ),
        ("CRITICAL: Still not acknowledged: Bar, Fridge: left: 8.3 °C, above 8 °C",
         "KRITISCH: Noch nicht bestätigt: Bar, Fridge: left: 8.3 °C, über 8 °C"),
        ("Warning: Fridge: 8.3 °C, above 8 °C", "Warnung: Fridge: 8,3 °C, über 8 °C"),
        ("Alarms cannot be told by Anna since 2026-11-20 12:00: refused.",
         "Alarme können seit 2026-11-20 12:00 nicht über Anna gemeldet werden: refused."),
        ("Warning: The daily back-up into /share was not made (Host is down); the last one is of 2026-11-20",
         "Warnung: Die tägliche Sicherung nach /share wurde nicht gemacht (Host is down); die letzte ist "
         "vom 2026-11-20"),
        ("Hub, noticed", "Hub, bemerkt"),
        ("Nobody translated this {} yet.", "Nobody translated this {} yet."),
        ("", ""),
    ],
)  # fmt: skip
def test_a_sentence_is_said_in_a_language(english: str, german: str) -> None:
    """With its values, numbers with their decimal sign, and sentences in sentences; what nobody translated
    stays as it is, and English is as it was."""
    assert said(english, "de") == german
    assert said(english, "en") == english


@pytest.mark.parametrize("language", OTHERS)
def test_what_is_said_of_a_hub_with_the_same_keys_is_translated(language: str) -> None:
    """Long sentences of several lines are the ones that the program says."""
    assert all(said(text, language) != text for text in (TWIN, TWIN_REMEDY, REMEDY))


def test_long_text_of_others_costs_nothing() -> None:
    """A device may say what it likes: no text makes the search slow or is taken apart wrongly."""
    text = "Reachable at " + ", firmware " * 300
    assert said(text, "de") == text
    assert said(text * 10, "de") == text * 10


class Names:
    """What people call places, as an AlarmBook has it."""

    def groups(self) -> dict[int, str]:
        return {1: "Bar"}

    def called(self, probe: int) -> str:
        return f"Fridge {probe}"


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("cause", [*SICK, "above", "below", "rise", "fall"])
def test_no_line_of_an_alarm_stays_english(language: str, cause: str) -> None:
    """Whatever is the matter, and however often it was told: each line is in the language of who is told."""
    rule = {"name": "Rule 7", "change_c": 2.5, "within_min": 10}
    one = alarm(1, "critical")._replace(
        probe=1,
        cause=cause,
        limit_c=8.0,
        worst_c=9.3,
        cleared_ms=1_795_467_600_000,
        body={"rule": rule, "celsius": 8.3, "probes": [1]},
    )
    for what in ("fired", "repeated", "escalated"):
        text = message(Names(), one, what, 1_795_467_600_000)
        told = compose([Message(1, 1, 1, "Phone", -1, 0, 0, "", text)], {1: one}, "http://hub/")
        other = told.in_words(partial(said, language=language))
        lines = zip([told.title, *told.body.split("\n")], [other.title, *other.body.split("\n")], strict=True)
        same = [line for line, translated in lines if line == translated]
        assert same == ["http://hub/"], same
