"""Where the package leans on insides of other libraries: found in its source, for the table
private_names.toml to be held against.

Found are: names with an underscore that are not ours, names that a library leaves out of its `__all__`,
attributes of others that are set, and methods that take the place of a library's where nobody invites to it.
What cannot be told from the outside, a name without an underscore that is only read, is written into the
table by hand.
"""

import ast
import importlib
import re
import sys
import warnings
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import NamedTuple

PACKAGE = Path(__file__).parents[2] / "temphub_kernel"
# Python documents these in spite of the underscore.
DOCUMENTED = {"_replace", "_asdict", "_fields", "_exit"}
PRIVATE = re.compile(r"_[a-z]\w{2,}")
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef


class Use(NamedTuple):
    """name: the last part of it; by: the class or function of ours at the margin in which it stands."""

    name: str
    by: str


@cache
def trees() -> dict[Path, ast.Module]:
    paths = [path for path in PACKAGE.rglob("*.py") if "_shipped" not in path.parts]
    assert len(paths) > 40, "the walk finds no code"
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def is_foreign(module: str) -> bool:
    return module.split(".")[0] not in {*sys.stdlib_module_names, PACKAGE.name, "__future__"}


@cache
def owned(node: ast.AST) -> set[str]:
    """What is given a name within: functions, classes, variables, attributes of `self`."""
    names = set()
    for one in ast.walk(node):
        if isinstance(one, FUNCTIONS | ast.ClassDef):
            names.add(one.name)
        elif isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
            names.add(one.id)
        elif isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store) and is_self(one.value):
            names.add(one.attr)
        elif isinstance(one, ast.arg):
            names.add(one.arg)
    return names


def is_self(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


@cache
def classes() -> dict[str, list[ast.ClassDef]]:
    found = defaultdict(list)
    for tree in trees().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(node)
    return found


@cache
def all_owned() -> set[str]:
    return set().union(*map(owned, trees().values()))


@cache
def of_class(name: str) -> set[str]:
    """What a class of ours, and those of ours that it is made from, give a name to."""
    names = set()
    for node in classes().get(name, ()):
        names |= owned(node)
        for base in node.bases:
            # One of a neighbour is written with the module's name: `base.ApiHandler`.
            above = (
                base.id
                if isinstance(base, ast.Name)
                else base.attr
                if isinstance(base, ast.Attribute)
                else name
            )
            if above != name:
                names |= of_class(above)
    return names


def at_margin(tree: ast.Module):
    """(name, node) of each function and class of a module; what stands outside of them has the name
    `module`."""
    for node in tree.body:
        yield (node.name if isinstance(node, FUNCTIONS | ast.ClassDef) else "module"), node


@cache
def underscores() -> set[Use]:
    """Attributes, and texts handed to a call, that begin with an underscore and are not ours."""
    uses = set()
    for tree in trees().values():
        here = owned(tree)
        for by, whole in at_margin(tree):
            of_self = of_class(by) if isinstance(whole, ast.ClassDef) else here
            for node in ast.walk(whole):
                if isinstance(node, ast.Attribute) and PRIVATE.fullmatch(node.attr):
                    ours = of_self if is_self(node.value) else here
                    if node.attr not in ours | DOCUMENTED or (
                        not is_self(node.value) and isinstance(node.ctx, ast.Store) and node.attr not in here
                    ):
                        uses.add(Use(node.attr, by))
                elif isinstance(node, ast.Call):
                    texts = {
                        one.value
                        for one in node.args
                        if isinstance(one, ast.Constant) and isinstance(one.value, str)
                    }
                    uses |= {
                        Use(text, by) for text in texts if PRIVATE.fullmatch(text) and text not in all_owned()
                    }
    return uses


@cache
def imported() -> set[Use]:
    """Names of libraries that begin with an underscore, lie in a module that does, or are left out of
    `__all__`."""
    uses = set()
    for tree in trees().values():
        for node in ast.walk(tree):
            if not isinstance(node, ast.ImportFrom) or node.level or not is_foreign(node.module or ""):
                continue
            # bqscales declares a trait in a way that traitlets deprecates; that is theirs to change.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                public = getattr(importlib.import_module(node.module), "__all__", None)
            for alias in node.names:
                hidden = any(part.startswith("_") for part in [*node.module.split("."), alias.name])
                if hidden or (public is not None and alias.name not in public):
                    uses |= {
                        Use(alias.name, by)
                        for by, whole in at_margin(tree)
                        if uses_name(whole, alias.asname or alias.name)
                    }
    return uses


def uses_name(node: ast.AST, name: str) -> bool:
    return any(isinstance(one, ast.Name) and one.id == name for one in ast.walk(node))


@cache
def set_by_us() -> set[Use]:
    """Attributes that are set on something else than `self`, and that no class of ours has."""
    uses = set()
    for tree in trees().values():
        for by, whole in at_margin(tree):
            for node in ast.walk(whole):
                if (
                    isinstance(node, ast.Attribute)
                    and isinstance(node.ctx, ast.Store | ast.Del)
                    and not is_self(node.value)
                ):
                    owner = node.value
                    if (
                        not node.attr.startswith("__")
                        and node.attr not in all_owned()
                        and not (isinstance(owner, ast.Name) and owner.id in classes())
                    ):
                        uses.add(Use(node.attr, by))
    return uses


@cache
def bases() -> list[tuple[type, ast.ClassDef]]:
    """(class of a library, class of ours that is made from it, directly) each time."""
    found = []
    for tree in trees().values():
        names = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and not node.level and is_foreign(node.module or ""):
                names |= {alias.asname or alias.name: (node.module, alias.name) for alias in node.names}
        for node in ast.walk(tree):
            for base in node.bases if isinstance(node, ast.ClassDef) else ():
                if isinstance(base, ast.Name) and base.id in names:
                    module, name = names[base.id]
                    found.append((getattr(importlib.import_module(module), name), node))
    return found


def instead(base: type, ours: ast.ClassDef) -> dict[str, ast.AST]:
    """What a class of ours has in place of its base's: name -> where it is given."""
    found = {}
    for one in ours.body:
        targets = (
            one.targets
            if isinstance(one, ast.Assign)
            else [one.target]
            if isinstance(one, ast.AnnAssign) and one.value
            else []
        )
        given = (
            [one.name]
            if isinstance(one, FUNCTIONS)
            else [target.id for target in targets if isinstance(target, ast.Name)]
        )
        found |= {name: one for name in given if hasattr(base, name) and not name.startswith("__")}
    return found


@cache
def _margins() -> dict[ast.AST, str]:
    return {
        one: by
        for tree in trees().values()
        for by, whole in at_margin(tree)
        for one in ast.walk(whole)
        if isinstance(one, ast.ClassDef)
    }


def margin_of(node: ast.ClassDef) -> str:
    """The class or function at the margin in which a class stands."""
    return _margins()[node]
