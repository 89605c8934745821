"""Private names of other libraries: one table (private_names.toml), held against the libraries and against
our source."""

import ast
import importlib
import inspect
import re
import tomllib
from collections import defaultdict
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pytest
from jupyter_core.paths import jupyter_path
from packaging.requirements import Requirement

from support import inside
from support.inside import Use

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "temphub_kernel" / "server" / "template"
TABLE = tomllib.loads(Path(__file__).with_name("private_names.toml").read_text(encoding="utf-8"))
ENTRIES = TABLE["inside"]


def place(entry: dict, name: str) -> str:
    return f"{entry['of']}{'.' if ':' in entry['of'] else ':'}{name}"


def told(entry: dict, name: str) -> str:
    """What whoever upgraded has to know."""
    library = entry["library"]
    now = "" if library == "python" else f", here is {version(library)}"
    where = (
        f"{place(entry, name)}, seen in {library} {TABLE['seen'][library]}{now}; {', '.join(entry['by'])}"
        " needs it"
    )
    return f"{where}: {entry['why']} Looked for: {entry['looked']}"


@cache
def source(module: str) -> ast.Module:
    # Of a compiled module the source lies beside it.
    file = Path(importlib.import_module(module).__file__)
    return ast.parse((file.parent / (file.name.split(".")[0] + ".py")).read_text(encoding="utf-8"))


def written_there(module: str, owner: str, name: str) -> ast.AST | bool | None:
    """What a class, wherever it stands in its module, has under the name: its function, else True; None for
    nothing."""
    for node in [
        one for one in ast.walk(source(module)) if isinstance(one, ast.ClassDef) and one.name == owner
    ]:
        for one in node.body:
            if isinstance(one, inside.FUNCTIONS) and one.name == name:
                return one
        if name in inside.owned(node):
            return True
    return None


def find(entry: dict, name: str) -> object:
    """The thing itself, or its function in the source; True for what only an object has; None when it is
    gone."""
    module, _, owner = entry["of"].partition(":")
    there = importlib.import_module(module)
    if not owner:
        return getattr(there, name, None)
    kind = getattr(there, owner, None)
    if kind is None:
        return written_there(module, owner, name)
    try:
        # Not asked for: one that is deprecated would complain.
        thing = inspect.getattr_static(kind, name)
        return getattr(thing, "__func__", thing) or True
    except AttributeError:
        found = (
            written_there(one.__module__, one.__name__, name)
            for one in kind.__mro__
            if one.__module__ != "builtins"
        )
        return next(filter(None, found), None)


def parameters(thing: object) -> dict[str, bool]:
    """What it takes, in order, and whether it wants it."""
    if isinstance(thing, ast.AST):
        names = [one.arg for one in thing.args.args]
        wants = len(names) - len(thing.args.defaults)
        found = {name: place < wants for place, name in enumerate(names)}
    else:
        try:
            signature = inspect.signature(thing)
        except ValueError:
            # Compiled.
            made = next(written_there(one.__module__, one.__name__, "__init__") for one in thing.__mro__)
            return parameters(made)
        free = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        found = {
            one.name: one.default is one.empty and one.kind not in free
            for one in signature.parameters.values()
        }
    return {name: wants for name, wants in found.items() if name not in ("self", "cls")}


def wrong(entry: dict, name: str, takes: str) -> str:
    """What became of a name; empty when it is as it was."""
    thing = find(entry, name)
    if thing is None:
        return f"gone: {told(entry, name)}"
    if not takes:
        return ""
    relied = [] if takes == "()" else takes.split(", ")
    there = parameters(thing)
    if [one for one in there if one in relied] != relied or {
        one for one, wants in there.items() if wants
    } - set(relied):
        return f"takes ({', '.join(there)}) now, not ({', '.join(relied)}): {told(entry, name)}"
    return ""


@pytest.mark.parametrize("library", sorted({entry["library"] for entry in ENTRIES}))
def test_the_names_that_are_leaned_on_are_there(library):
    """An upgrade that takes away a private name, or changes what it takes, is told by that name."""
    names = [
        (entry, *one) for entry in ENTRIES if entry["library"] == library for one in entry["names"].items()
    ]
    assert not list(filter(None, (wrong(*one) for one in names)))


def test_a_library_is_listed_while_something_of_it_is_used():
    """The releases that were looked into are those of the libraries that are leaned on, each of them."""
    assert set(TABLE["seen"]) == {entry["library"] for entry in [*ENTRIES, *TABLE["script"]]}


def test_a_name_that_is_gone_is_told():
    """What the table says of a name is in the failure: which library, where, who needs it and what else there
    is."""
    entry = {**ENTRIES[0], "names": {}}
    assert "gone: " in wrong(entry, "_taken_away", "") and ENTRIES[0]["looked"] in wrong(
        entry, "_taken_away", ""
    )
    assert "takes (kernel_id, " in wrong(entry, "shutdown_kernel", "kernel")


def listed() -> set[Use]:
    return {Use(name, by) for entry in ENTRIES for name in entry["names"] for by in entry["by"]}


def replaced() -> set[Use]:
    """Methods of ours in place of those of classes that nobody invites to make others from."""
    uses = set()
    for base, ours in inside.bases():
        if f"{base.__module__}:{base.__qualname__}" not in TABLE["documented"]["classes"]:
            uses |= {Use(name, inside.margin_of(ours)) for name in inside.instead(base, ours)}
    return uses


def test_every_private_name_stands_in_the_table():
    """Nothing of the package leans on insides of a library that are not written down."""
    public = {name for names in TABLE["documented"]["attributes"].values() for name in names}
    found = (
        inside.underscores()
        | inside.imported()
        | replaced()
        | {use for use in inside.set_by_us() if use.name not in public}
    )
    missing = [f"{use.name} in {use.by}" for use in sorted(found - listed())]
    assert not missing, f"not in private_names.toml: {missing}"


def test_the_table_holds_nothing_that_is_used_no_more():
    """A name that the package can do without is taken out of the table."""
    found = {use.name for use in inside.underscores() | inside.imported() | replaced() | inside.set_by_us()}
    stale = {name for entry in ENTRIES if not entry.get("by_hand") for name in entry["names"]} - found
    assert not stale, f"in private_names.toml, but not used so: {sorted(stale)}"
    words = defaultdict(set)
    for tree in inside.trees().values():
        for by, node in inside.at_margin(tree):
            words[by] |= {word for one in ast.walk(node) for word in words_of(one)}
    for entry in ENTRIES:
        here = set().union(*(words[by] for by in entry["by"]))
        assert not set(entry["names"]) - here, (
            f"{entry['of']}: {', '.join(entry['by'])} uses not {sorted(set(entry['names']) - here)}"
        )
        assert all(words[by] & {*entry["names"]} for by in entry["by"]), (
            f"{entry['of']}: not all of {', '.join(entry['by'])} use it"
        )


def words_of(node: ast.AST) -> list[str]:
    fields = (getattr(node, name, None) for name in ("id", "attr", "name", "arg", "value"))
    return [one for one in fields if isinstance(one, str)]


def test_what_takes_the_place_of_a_library_s_method_takes_what_that_takes():
    """A library that hands one more thing to a method finds one of ours that takes it, or this fails before
    it does."""
    looked_at = 0
    for base, ours in inside.bases():
        for name, node in inside.instead(base, ours).items():
            theirs = inspect.getattr_static(base, name)
            # What a handler is initialized with is what its own route says.
            if isinstance(node, inside.FUNCTIONS) and inspect.isfunction(theirs) and name != "initialize":
                assert fits(theirs, node), (
                    f"{base.__qualname__}.{name} takes {inspect.signature(theirs)}, not so {ours.name}'s"
                )
                looked_at += 1
    assert looked_at > 40, "the walk finds no methods"


def fits(theirs: object, ours: ast.FunctionDef) -> bool:
    """Whether a method of ours can be called as theirs can."""
    kinds = [one.kind for one in inspect.signature(theirs).parameters.values()]
    given = len([kind for kind in kinds if kind in (kind.POSITIONAL_ONLY, kind.POSITIONAL_OR_KEYWORD)])
    own = [*ours.args.posonlyargs, *ours.args.args]
    wants = len(own) - len(ours.args.defaults)
    return bool(ours.args.vararg or len(own) >= given) and (
        inspect.Parameter.VAR_POSITIONAL in kinds or wants <= given
    )


def test_classes_that_are_made_from_are_there():
    """The table of classes that libraries offer for it names each that is used, and none besides."""
    used = {f"{base.__module__}:{base.__qualname__}" for base, _ in inside.bases()}
    assert not set(TABLE["documented"]["classes"]) - used


@pytest.mark.parametrize("library", sorted(set(TABLE["seen"]) - {"python"}))
def test_a_library_whose_insides_are_used_has_an_upper_bound(library):
    """Nobody who installs TempHub gets a library of a new kind under it that nobody has looked into."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needs = {one.name: one.specifier for one in map(Requirement, project["dependencies"])}
    assert library in needs, f"{library} comes with another library, whichever release that takes"
    assert any(one.operator in ("<", "==", "~=") for one in needs[library]), f"{library} {needs[library]}"
    assert needs[library].contains(TABLE["seen"][library]), "it was seen in a release that is not taken"


# --- in the browser ---


def installed(entry: dict) -> str:
    files = [
        path for folder in jupyter_path(entry["below"]) for path in sorted(Path(folder).glob(entry["file"]))
    ]
    assert files, f"{entry['file']} of {entry['library']} is gone: {entry['why']}"
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


@pytest.mark.parametrize("entry", TABLE["script"], ids=lambda entry: entry["of"])
def test_what_the_page_s_scripts_need_of_the_widget_libraries_is_there(entry):
    """A library's script that lost a name, or a class that the page is drawn by, is told before a browser
    shows it."""
    text = installed(entry)
    lost = [word for word in entry["names"] if not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text)]
    assert not lost, (
        f"gone from {entry['library']} (seen in {TABLE['seen'][entry['library']]}): {entry['why']} Looked "
        f"for: {entry['looked']}"
    )


def test_every_private_name_in_the_page_s_scripts_stands_in_the_table():
    """What our scripts and styles ask of a library's is written down."""
    scripts = {path: path.read_text(encoding="utf-8") for path in TEMPLATE.rglob("*.js")}
    assert len(scripts) > 5
    found = set()
    for text in scripts.values():
        ours = set(re.findall(r"^\s*(?:async )?(_\w+)\(", text, re.MULTILINE))
        found |= set(re.findall(r"\.(_\w+)", text)) - ours
        found |= set(re.findall(r"\bbase\.(\w+)", text))
    styles = [*(ROOT / "temphub_kernel").rglob("*.css"), *(ROOT / "temphub_kernel" / "page").glob("*.py")]
    marks = re.compile(r"(?<![\w-])((?:widget|jupyter|lm|jp)-[\w-]*\w)(?![\w-])")
    for text in [
        *scripts.values(),
        *(path.read_text(encoding="utf-8") for path in styles if "_shipped" not in path.parts),
    ]:
        found |= {mark for mark in marks.findall(text) if mark not in TABLE["documented"]["words"]}
    names = {name for entry in TABLE["script"] for name in entry["names"]}
    assert not found - names, f"not in private_names.toml: {sorted(found - names)}"
