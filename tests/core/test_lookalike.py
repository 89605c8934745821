"""Ids and names that a person takes for one another."""

import unicodedata

import pytest

from temphub_kernel.core.names import ALIKE, look_alikes


def alike(first, second):
    return look_alikes(
        [{"id": "a", "name": first, "first_ms": 1}, {"id": "b", "name": second, "first_ms": 2}]
    ) == {"a": "b", "b": "a"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("fridge-01", "fridge-O1"),
        ("fridge-01", "fridge-0l"),
        ("fridge-01", "fridge-0I"),
        ("fridge-01", "Fridge-o1"),
        ("fridge-01", "fridge-01."),
        ("fridge-01", "fridge-01_"),
        ("Fridge", "Fridge "),
        ("Fridge", "Frid\u200bge"),
        ("Fridge", "\uff26\uff52\uff49\uff44\uff47\uff45"),
        ("cellar", "\u0441\u0435ll\u0430r"),
        ("PACE 10", "\u03a1\u0391C\u0395 I\u041e"),
        ("room", "roorn"),
        ("fridge-01", "fridge\u201301"),
        ("Fridge", "Fridge"),
    ],
)
def test_what_looks_alike_is_said(first, second):
    """Zero and O, one and l, Cyrillic and Greek letters, full-width forms, a sign at the end, one that nobody
    sees, the same name twice."""
    assert alike(first, second)


@pytest.mark.parametrize(
    ("first", "second"),
    [("fridge-01", "fridge-02"), ("Li", "La"), ("AI", "Ai2"), ("Köln", "Koln"), ("A-1", "A1"), ("", "x")],
)
def test_what_differs_to_the_eye_is_not(first, second):
    """Names that a person tells apart are left in peace."""
    assert not alike(first, second)


def test_the_first_of_several_is_named_and_ids_count_beside_names():
    """Each that looks like others is told with the one that came first; a name that looks like another's id
    counts as well."""
    probes = [
        {"id": "fridge-01", "first_ms": 1},
        {"id": "fridge-O1", "first_ms": 2},
        {"id": "X", "name": "fridge-0l", "first_ms": 3},
        {"id": "Y", "alias": "Cellar", "first_ms": 0},
    ]
    assert look_alikes(probes) == {"fridge-01": "fridge-O1", "fridge-O1": "fridge-01", "X": "fridge-01"}
    assert look_alikes([]) == {} == look_alikes([{"id": "A"}])


def test_the_table_holds_what_nothing_else_catches():
    """Each sign of the table is a single one outside ASCII that Unicode's own normal form leaves as it is or
    does not make ASCII."""
    for letter, signs in ALIKE.items():
        assert len(letter) == 1 and letter.isascii() and len(set(signs)) == len(signs)
        assert not [sign for sign in signs if sign.isascii() or unicodedata.normalize("NFKC", sign).isascii()]
    everything = "".join(ALIKE.values())
    assert len(set(everything)) == len(everything)
