"""Which probe a name means, and what is written for each."""

import pytest
from hypothesis import given, strategies as st

from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.names import named, natural, printable, titles

FRIDGE = {"id": "TempProbe-0096", "alias": "Cold room 2", "name": "Cellar"}


def probe(id_: str, alias: str = "", name: str = "", removed_ms: int = 0) -> dict[str, object]:
    return {"id": id_, "alias": alias, "name": name, "removed_ms": removed_ms}


def test_a_name_means_its_probe() -> None:
    """A probe is found by its id and by the name that is shown, whatever its case and spaces; not by a name
    nobody shows."""
    known = [FRIDGE, probe("b", name="Shed")]
    assert [
        named(known, text) for text in ("TempProbe-0096", "Cold room 2", " COLD  room ２", "Shed", "b")
    ] == [
        *["TempProbe-0096"] * 3,
        "b",
        "b",
    ]
    assert named(known, "Cellar") is None and named(known, "") is None


def test_what_people_type_is_printable() -> None:
    """An emoji of several signs, Persian and every space are a name like any other; what breaks a line, turns
    it around or is no sign is none."""
    for name in ("Küche 👩\u200d🍳", "یخچال\u200cها", "冷蔵庫\u30001", "Halle\u00a02", "❄\ufe0f", ""):
        assert printable(name)
    for text in ("a\nb", "a\u2028b", "a\tb", "\u202eb", "a\x00", "a\u2060b", "\ud800"):
        assert not printable(text)


def test_an_id_always_wins() -> None:
    """A probe that is called as another's id does not take that id's place, and its own title tells the two
    apart."""
    known = [probe("Fridge"), probe("b", alias="Fridge")]
    assert named(known, "Fridge") == "Fridge"
    assert titles(known) == {"Fridge": "Fridge", "b": "Fridge (b)"} and named(known, "Fridge (b)") == "b"


def test_a_name_of_several_is_refused() -> None:
    """Two probes of one name, or of names that look alike, are told apart by their ids, and the bare name is
    refused naming them."""
    known = [probe("a", alias="Fridge"), probe("b", name="fridge "), probe("c", alias="Attic")]
    assert titles(known) == {"a": "Fridge (a)", "b": "fridge  (b)", "c": "Attic"}
    with pytest.raises(TempHubError) as refused:
        named(known, "Fridge")
    assert refused.value.status == 409 and refused.value.remedy == "Give the id: a, b."
    assert named(known, "fridge (B)") == "b"
    unseen = [probe("a", alias="Fridge"), probe("b", name="Fri\u200bdge")]
    assert titles(unseen)["a"] == "Fridge (a)"


def test_a_removed_probe_answers_to_its_id_only() -> None:
    """What was taken off every list does not make a name ambiguous, and has no name any more; its id goes
    on."""
    known = [probe("old", alias="Fridge", removed_ms=5), probe("new", alias="Fridge")]
    assert titles(known) == {"old": "Fridge (old)", "new": "Fridge"}
    assert named(known, "Fridge") == "new" and named(known, "old") == "old"


TEXTS = st.text(st.sampled_from("aAbﬁ() 1Ａ"), max_size=6)


@given(
    st.dictionaries(
        st.text(st.sampled_from("aAb1"), min_size=1, max_size=3), st.tuples(TEXTS, TEXTS), max_size=6
    )
)
def test_titles_are_never_alike(names: dict[str, tuple[str, str]]) -> None:
    """Whatever people and probes call themselves: each id has a title, no two are the same, and a name never
    finds another's id."""
    known = [probe(id_, alias, name) for id_, (alias, name) in names.items()]
    made = titles(known)
    assert list(made) == list(names) and len(set(made.values())) == len(made)
    assert all(named(known, id_) == id_ for id_ in names)


def test_names_stand_in_the_order_in_which_people_count() -> None:
    """Ten comes after two, whatever the case and wherever the number stands."""
    names = ["Fridge 10", "fridge 2", "Fridge 1", "2nd floor", "10th floor", "Attic", ""]
    wanted = ["", "2nd floor", "10th floor", "Attic", "Fridge 1", "fridge 2", "Fridge 10"]
    assert sorted(names, key=natural) == wanted


@given(st.lists(st.text(max_size=8), max_size=6))
def test_any_names_can_be_put_in_order(names: list[str]) -> None:
    """Whatever people type has an order, digits of all scripts among it."""
    assert len(sorted(names, key=natural)) == len(names)
