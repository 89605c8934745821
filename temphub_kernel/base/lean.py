"""Firmware as a board needs it: the same program with fewer names. Any thread; text in, text out.

MicroPython keeps every name that it ever read, in a table that is never given back and doubles when it is full. What no other file can ask
for by name gets a short name here, the same ones in each file; constants that no other file asks for become part of the code.
"""

import ast
import builtins
import itertools
import string
from collections.abc import Iterator, Mapping


def lean(sources: Mapping[str, str]) -> dict[str, str]:
    """All files of one firmware, by the same keys. Raises SyntaxError."""
    trees = {name: ast.parse(text) for name, text in sources.items()}
    asked = {name: _asked(tree) for name, tree in trees.items()}
    keywords = {node.arg for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg}
    leaned = {}
    for name, tree in trees.items():
        elsewhere = set().union(*(names for other, names in asked.items() if other != name))
        leaned[name] = _leaned(tree, elsewhere, keywords)
    return leaned


def _leaned(tree: ast.Module, elsewhere: set[str], keywords: set[str]) -> str:
    # A name in a text may be one that getattr() is given.
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    constants = {name for name in _constants(tree) if name not in elsewhere and name not in texts}
    public = sorted(constants | (_arguments(tree) - keywords))
    private = [name for name in _made(tree) if name.startswith("_") and name.strip("_") and not name.endswith("__") and name not in texts]
    shorter = dict(zip(dict.fromkeys(private + public), _short(), strict=False))
    return ast.unparse(ast.fix_missing_locations(_Shorten(shorter, set(private), constants).visit(tree)))


def _short() -> Iterator[str]:
    for size in (1, 2):
        for letters in itertools.product(string.ascii_letters, repeat=size):
            yield "_" + "".join(letters)


def _asked(tree: ast.Module) -> set[str]:
    """All that a file may ask another one for."""
    found = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    found |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    return found | {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def _made(tree: ast.Module) -> list[str]:
    """The names that a file makes, in the order of their first place."""
    made = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            made.append(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            made.append(node.id)
        elif isinstance(node, ast.arg):
            made.append(node.arg)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            made.append(node.attr)
    return made


def _arguments(tree: ast.Module) -> set[str]:
    """The names of parameters that stand for nothing else in the file."""
    found = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    other = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
    other |= {
        (alias.asname or alias.name).split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    bodies = [tree.body] + [node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    assigned = [line for body in bodies for line in body if isinstance(line, ast.Assign)]
    other |= {node.id for line in assigned for node in ast.walk(line) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return {name for name in found - other if not hasattr(builtins, name) and name != "self"}


def _constants(tree: ast.Module) -> set[str]:
    """Names that a file binds once, to a value that is known when it is compiled."""
    stored = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    lines = [line for line in tree.body if isinstance(line, ast.Assign) and len(line.targets) == 1 and _is_known(line.value)]
    found = {line.targets[0].id for line in lines if isinstance(line.targets[0], ast.Name)}
    return {name for name in found if stored.count(name) == 1}


def _is_known(value: ast.expr) -> bool:
    if isinstance(value, ast.Tuple):
        return all(_is_known(one) for one in value.elts)
    return isinstance(value, ast.Constant) and (value.value is None or isinstance(value.value, int | str | bytes))


class _Shorten(ast.NodeTransformer):
    """`shorter`: what stands for a variable; of attributes only the `private` ones are this file's own."""

    def __init__(self, shorter: Mapping[str, str], private: set[str], constants: set[str]) -> None:
        self._shorter = shorter
        self._private = private
        self._constants = constants

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.Name):
            node.id = self._shorter.get(node.id, node.id)
        elif isinstance(node, ast.arg):
            node.arg = self._shorter.get(node.arg, node.arg)
        elif isinstance(node, ast.Attribute) and node.attr in self._private:
            node.attr = self._shorter[node.attr]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name in self._private:
            node.name = self._shorter[node.name]
        elif isinstance(node, ast.ExceptHandler) and node.name:
            node.name = self._shorter.get(node.name, node.name)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            node.names = [self._shorter.get(name, name) for name in node.names]
        return super().generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        target = node.targets[0]
        if isinstance(target, ast.Name) and target.id in self._constants:
            # MicroPython's compiler knows const(), puts the value where the name stands, and keeps no name that begins with _.
            node.value = ast.Call(ast.Name("const", ast.Load()), [node.value], [])
        return self.generic_visit(node)
