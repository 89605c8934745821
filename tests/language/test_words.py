"""Which words the page uses: each is there, each is used, and none stands anywhere else."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from temphub_kernel.alarms import SETS
from temphub_kernel.alarms.life import ACTIONS
from temphub_kernel.language import LANGUAGES, texts_of

PACKAGE = Path(__file__).parents[2] / "temphub_kernel"
PAGE = PACKAGE / "page"
PARTS = {"words": "page", "alarm_words": "alarms", "probe_words": "probes"}


def modules() -> list[Path]:
    return sorted(PAGE.rglob("*.py"))


def names_of(tree: ast.Module) -> dict[str, str]:
    """What a module calls the modules of words: {its name: the part}."""
    return {
        alias.asname or alias.name: PARTS[alias.name]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name in PARTS
    }


def said(nodes: Iterable[ast.AST], called: dict[str, str]) -> Iterator[tuple[str, str, int]]:
    """(part, word, line) of each word that is asked for."""
    for node in nodes:
        owner = node.value if isinstance(node, ast.Attribute) else None
        if isinstance(node, ast.Attribute) and isinstance(owner, ast.Name) and owner.id in called:
            yield called[owner.id], node.attr, node.lineno


def test_every_word_is_there_and_used() -> None:
    """A misspelled word would break the page where it is shown; one that nobody says is translated for
    nothing."""
    english, found = texts_of(LANGUAGES[0]), {}
    for path in modules():
        tree = ast.parse(path.read_text("utf-8"))
        for part, name, line in said(ast.walk(tree), names_of(tree)):
            found[part, name] = f"{path.relative_to(PACKAGE)}:{line}"
    there = {(part, name) for part in PARTS.values() for name in english[part]}
    assert len(there) > 400
    assert {key: place for key, place in found.items() if key not in there} == {}
    assert there - found.keys() == set()


def test_what_was_done_is_offered_as_the_api_offers_it() -> None:
    """A page in English and a program offer the same texts, and the same rules to start from."""
    assert texts_of(LANGUAGES[0])["alarms"]["SETS"] == {key: one.title for key, one in SETS.items()}
    assert texts_of(LANGUAGES[0])["alarms"]["ACTIONS"] == ACTIONS


def test_a_thing_has_one_word_in_a_language() -> None:
    """A report, the page and the hub's plain pages call a probe and a limit the same."""
    for language in LANGUAGES:
        texts = texts_of(language)
        report, page = texts["report"], texts["page"]
        assert report["probe"] == page["STAT_COLUMNS"][0] == texts["door"]["probe"]
        assert report["limit"] == page["LIMIT"][0]
    german, french = (texts_of(language)["report"].values() for language in ("de", "fr"))
    assert not [text for text in german if "Messstelle" in text]
    assert not [text for text in french if "limite" in text.lower()]


def test_no_word_is_taken_when_a_module_is_imported() -> None:
    """It would be English for everybody: only a function knows for whom it speaks."""
    wrong = []
    for path in modules():
        tree = ast.parse(path.read_text("utf-8"))
        wrong += [f"{path.name}:{line} {name}" for _, name, line in said(at_import(tree), names_of(tree))]
    assert not wrong


def at_import(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when a module is imported: all but the bodies of its functions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            arguments = child.args
            for default in (*arguments.defaults, *filter(None, arguments.kw_defaults)):
                yield default
                yield from at_import(default)
            continue
        yield child
        yield from at_import(child)


# Whoever says what is written for others: a log, an analyst in a notebook, the hub's own words of a problem.
FOR_OTHERS = (
    *("warn", "warning", "debug", "exception", "clear", "_wrong"),
    *("AttributeError", "JournalUnreadable"),
)
# Two words beside each other, or one with a capital: what somebody reads.
READ = re.compile(r"[A-Za-z]{2,}[,.:;]? [a-z]{2,}|\b[A-Z][a-z]{2,}\b")
# Of HTML its tags and attributes, names of classes, types that stand in quotes.
UNSEEN = re.compile(r"<[^<>]*(>|$)|^[^<>]*>|[\w-]+=(\"[^\"]*(\"|$))?|\w+-[\w-]*|[A-Z]\w+\[\w+\]( \| None)?")
# What the program calls something among itself, and the pictures that an analyst asks for. Only shrinks.
NAMES = {"alarm messages", "limit moved", "limit tried", "channels looked at", "channels named"}
NOTEBOOK = {"picture.py", "pictures.py", "pieces.py"}


def test_no_module_of_the_page_holds_words_of_its_own() -> None:
    """Whatever somebody reads on the page stands with its translations."""
    found, names = {}, set()
    for path in modules():
        if path.name in NOTEBOOK:
            continue
        for text, line in texts(ast.parse(path.read_text("utf-8"))):
            names |= NAMES & {text}
            if text not in NAMES and READ.search(UNSEEN.sub(" ", text)):
                found[f"{path.relative_to(PACKAGE)}:{line}"] = text
    assert found == {} and names == NAMES


def test_words_in_a_module_are_found() -> None:
    """The look sees what it is for, in HTML and beside it, and not what nobody reads."""
    seen = 'a = kit.button("Save it", go)\nb = f"<p class=\\"x y\\">{n} readings came</p>"\nc = "Probe"'
    assert len([text for text, _ in texts(ast.parse(seen)) if READ.search(UNSEEN.sub(" ", text))]) == 3
    unseen = '"""It says."""\nlog.warning("it was late")\nd = "th-card th-late"\ne = "<b class=\\"a b\\">"'
    assert not [text for text, _ in texts(ast.parse(unseen)) if READ.search(UNSEEN.sub(" ", text))]


def texts(node: ast.AST) -> Iterator[tuple[str, int]]:
    """(text, line) of what a module has in quotes and does not say to others."""
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or name in ("annotation", "returns") or _for_others(child):
                continue
            if isinstance(child, ast.Constant) and isinstance(child.value, str):
                yield child.value, child.lineno
            yield from texts(child)


def _for_others(node: ast.AST) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Assign):
        return any(isinstance(one, ast.Name) and one.id == "__all__" for one in node.targets)
    if not isinstance(node, ast.Call):
        return False
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return called in FOR_OTHERS
