"""Errors are told apart by their types: nobody compares a code, cuts a text apart or guesses by a name."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from temphub_kernel.core.errors import TempHubError

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "temphub_kernel"

# What takes a text apart, or looks what is in it. Fitting a sentence into another one (`rstrip`) does not.
CUTS = {
    *(
        "partition",
        "rpartition",
        "split",
        "rsplit",
        "splitlines",
        "startswith",
        "endswith",
        "removeprefix",
        "removesuffix",
    ),
    *("find", "rfind", "index", "rindex", "count", "replace", "search", "match", "fullmatch", "findall"),
}
TEXTS = {"problem", "remedy", "met"}
# Errors of other libraries that tell in their text only what has to be known. module -> why it is so.
THEIRS = {
    "analysis/scan.py": "polars adds the whole plan of a query below the line that says what is wrong",
    "exports/parquet.py": "polars tells the system's number of an error only in words",
}


def modules() -> list[Path]:
    found = [path for path in PACKAGE.rglob("*.py") if "_shipped" not in path.parts]
    assert len(found) > 40, "the walk finds no code"
    return found


def _errors(tree: ast.AST) -> set[str]:
    """Names that stand for errors: caught, annotated as one, or called so."""
    found = {"error", "why", "wrong", "refusal", "problem"} | {
        one.name for one in ast.walk(tree) if isinstance(one, ast.ExceptHandler) and one.name
    }
    for one in ast.walk(tree):
        if isinstance(one, ast.arg) and one.annotation is not None and "Error" in ast.unparse(one.annotation):
            found.add(one.arg)
    return found


def _texts(tree: ast.AST, errors: set[str]) -> set[str]:
    """Names that an error's text was given to."""
    given = [
        one for one in ast.walk(tree) if isinstance(one, ast.Assign) and _is_text(one.value, errors, set())
    ]
    return {target.id for one in given for target in one.targets if isinstance(target, ast.Name)}


def _is_text(node: ast.AST, errors: set[str], texts: set[str]) -> bool:
    if isinstance(node, ast.Name):
        return node.id in texts
    if isinstance(node, ast.Attribute) and node.attr in TEXTS:
        return isinstance(node.value, ast.Name) and node.value.id in errors
    called = (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("str", "repr")
        and bool(node.args)
    )
    return called and isinstance(node.args[0], ast.Name) and node.args[0].id in errors


def _wrong(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, what is done there) of each place that guesses what an error is."""
    for scope in [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]:
        errors = _errors(scope)
        texts = _texts(scope, errors)
        for node in ast.walk(scope):
            told = f"`{ast.unparse(node)}`" if isinstance(node, ast.expr) else ""
            if isinstance(node, ast.Compare):
                for side in (node.left, *node.comparators):
                    owner = side.value if isinstance(side, ast.Attribute) and side.attr == "code" else None
                    if isinstance(owner, ast.Name) and owner.id in errors:
                        yield node.lineno, f"{told} compares a code"
                    if _is_text(side, errors, texts):
                        yield node.lineno, f"{told} compares an error's text"
                    if isinstance(side, ast.Attribute) and side.attr in (
                        "__name__",
                        "__qualname__",
                        "__module__",
                    ):
                        yield node.lineno, f"{told} decides by a name"
            elif isinstance(node, ast.Subscript) and _is_text(node.value, errors, texts):
                yield node.lineno, f"{told} cuts an error's text"
            elif (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CUTS
            ):
                if any(_is_text(one, errors, texts) for one in (node.func.value, *node.args)):
                    yield node.lineno, f"{told} cuts an error's text"
                if isinstance(node.func.value, ast.Attribute) and node.func.value.attr in (
                    "__name__",
                    "__qualname__",
                    "__module__",
                ):
                    yield node.lineno, f"{told} decides by a name"
                if "problem" in (ast.unparse(node.func.value), *map(ast.unparse, node.args)):
                    yield node.lineno, f"{told} cuts an error's text"


def test_callers_catch_types():
    """No caller compares an error's code, cuts its text apart or decides by the name of its class or
    module."""
    found, theirs = [], set()
    for path in modules():
        name = path.relative_to(PACKAGE).as_posix()
        for line, told in _wrong(ast.parse(path.read_text(encoding="utf-8"))):
            if name in THEIRS:
                theirs.add(name)
            else:
                found.append(f"{name}:{line}: {told}")
    assert not found, "\n".join(found)
    assert theirs == set(THEIRS), "an exception that nobody needs any more"


@pytest.mark.parametrize(
    "code",
    [
        "if error.code == 'busy': raise",
        "if why.code not in ('busy', 'no_port'): raise",
        "if 'No space left' in str(error): raise",
        "problem, dash, remedy = str(error).partition('. ')",
        "said = error.problem.split(', so ')[0]",
        "text = str(error)\n    return text.startswith('A hub runs')",
        "if type(error).__module__.startswith('sqlite3'): raise",
        "if type(error).__name__ == 'TempHubError': raise",
        "return re.search('full', str(error))",
    ],
)
def test_the_walk_sees_each_way_of_guessing(code):
    """What callers did before there were types would be found again."""
    assert list(_wrong(ast.parse(f"def caller(error):\n    {code}")))


def _types(kind: type[TempHubError] = TempHubError) -> Iterator[type[TempHubError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _types(below)


def test_each_type_says_when_it_is_raised():
    """Each type of error has a docstring that says when it is raised, and the HTTP status that carries it."""
    bases = {"TempHubError"}
    for path in sorted(modules(), key=lambda one: one.name != "errors.py"):
        named = {
            node.name: node.bases
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.ClassDef)
        }
        if found := {
            name for name, below in named.items() if any(ast.unparse(one) in bases for one in below)
        }:
            bases |= found
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    found = {one for one in _types() if one.__module__.startswith("temphub_kernel")}
    assert len(found) > 20, "the walk finds no types"
    silent = [one.__qualname__ for one in found if not (one.__doc__ or "").startswith("Raised ")]
    assert not silent
    assert all(400 <= one.status < 600 and one.code for one in found)
