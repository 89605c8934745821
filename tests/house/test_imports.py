"""How modules name each other: in no ring, and through doors that have what is asked of them."""

import ast
from pathlib import Path

import pytest

from house.test_structure import PACKAGE, ROOT, modules, parsed

# Rings of the firmware that stay, each with its reason: parts that are loaded for a moment and dropped name
# what is always there, and what is always there loads them. Each way around it that was measured costs a
# board memory for good.
RINGS = {
    frozenset({"probe.http", "probe.request", "probe.host_check"}): (
        "The last two are loaded for a request and raise the server's Problem, which the server has to know "
        "from the first."
    ),
    frozenset({"probe.settings", "probe.settings_file", "probe.settings_check"}): (
        "The last two are loaded when settings are read or changed and raise Refused, which whoever changes "
        "them has to know."
    ),
    frozenset({"probe.reading", "probe.chip"}): (
        "What a thermocouple's chip says is loaded where there is such a chip, and is told in the Celsius of "
        "every reading."
    ),
    frozenset({"probe.spill_disk", "probe.spill"}): (
        "What lies on the flash is loaded while readings lie there; to hand it the size of a file took 32 "
        "bytes of code (98,592 to 98,624)."
    ),
}


@pytest.mark.parametrize("folder", ["temphub_kernel", "firmware"])
def test_modules_have_no_cycles(folder):
    """No modules import each other in a ring, on paper neither: imports inside functions and for the type
    checker count."""
    known = named_modules(folder)
    graph = {name: targets(name, path, known) for name, path in known.items()}
    assert sum(map(len, graph.values())) > 100, "the walk finds no imports"
    below = {name: reached(name, graph) for name in graph}
    rings = {ring for name in graph for ring in [ring_of(name, below)] if len(ring) > 1}
    allowed = set(RINGS) if folder == "firmware" else set()
    assert rings == allowed, "rings: " + "; ".join(" - ".join(sorted(ring)) for ring in rings ^ allowed)


def named_modules(folder: str) -> dict[str, Path]:
    """Each module by the name it is imported by; the firmware's lie at the board's root."""
    top = ROOT / "firmware" if folder == "firmware" else ROOT
    paths = [path for path in (ROOT / folder).rglob("*.py") if "_shipped" not in path.parts]
    assert len(paths) > 40, "the walk finds no code"
    return {
        ".".join(path.relative_to(top).with_suffix("").parts).removesuffix(".__init__"): path
        for path in paths
    }


def targets(name: str, path: Path, known: dict[str, Path]) -> set[str]:
    """The modules among `known` that a module names, wherever it does so."""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    found: set[str] = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            wholes = (f"{base}.{alias.name}" for alias in node.names)
            found |= {whole if whole in known else base for whole in wholes}
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "__import__":
            found |= {str(one.value) for one in node.args[:1] if isinstance(one, ast.Constant)}
    return (found & known.keys()) - {name}


def ring_of(name: str, below: dict[str, set[str]]) -> frozenset[str]:
    """The modules that a module reaches and that reach it; itself alone as a rule. below: what each one
    reaches."""
    return frozenset({name, *(other for other in below[name] if name in below[other])})


def reached(name: str, graph: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    left = [name]
    while left:
        more = graph[left.pop()] - found
        found |= more
        left += more
    return found


# Statements that import something of ours, among 1,000 lines of the package; of nine comparable codebases the
# tightest had 6, the loosest 17, and this one had 42 when it was cut into too small pieces.
MOST_IN_1000 = 20


def test_modules_import_little_of_each_other():
    """A subject stands in one file: at most 20 statements in 1,000 lines import something of ours, wherever
    in a file they stand."""
    lines, counts = 0, {}
    for path in modules():
        lines += len(path.read_text(encoding="utf-8").splitlines())
        counts[str(path.relative_to(ROOT))] = sum(_is_ours(node) for node in ast.walk(parsed(path)))
    imported = sum(counts.values())
    assert imported > 100, "the walk finds no imports"
    most = ", ".join(
        f"{name} {count}" for name, count in sorted(counts.items(), key=lambda one: -one[1])[:10]
    )
    share = 1000 * imported / lines
    assert share <= MOST_IN_1000, (
        f"{imported} imports in {lines} lines, {share:.1f} in 1,000; most have {most}"
    )


def _is_ours(node: ast.AST) -> bool:
    """Whether a node is a statement that imports something of the package."""
    if isinstance(node, ast.Import):
        return any(alias.name.split(".")[0] == PACKAGE.name for alias in node.names)
    return isinstance(node, ast.ImportFrom) and (
        node.level > 0 or (node.module or "").split(".")[0] == PACKAGE.name
    )


def test_a_door_has_what_is_asked_of_it():
    """A room that brings its names in on demand has each name that others import from it, and has none that
    is not there."""
    doors = {}
    for path in modules():
        tables = [
            node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.Assign)
        ]
        for table in tables:
            if (
                path.name == "__init__.py"
                and isinstance(table.targets[0], ast.Name)
                and table.targets[0].id == "NAMES"
            ):
                doors[".".join(path.relative_to(ROOT).parts[:-1])] = ast.literal_eval(table.value)
    assert len(doors) > 1, "no door found"
    for package, names in doors.items():
        for module, given in names.items():
            tree = ast.parse(
                (ROOT / f"{package}.{module}".replace(".", "/"))
                .with_suffix(".py")
                .read_text(encoding="utf-8")
            )
            assert set(given.split()) <= _bound(tree), f"{package}: {set(given.split()) - _bound(tree)}"
    for path in modules():
        for package, name in _asked(path):
            if (
                package in doors
                and not (ROOT / package.replace(".", "/") / f"{name}.py").exists()
                and name not in ("door", "*")
            ):
                given = {one for names in doors[package].values() for one in names.split()}
                assert name in given, f"{path.relative_to(ROOT)}: NAMES of {package} lacks {name}"


def _bound(tree: ast.Module) -> set[str]:
    """The names that a module binds at its top."""
    found = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            found |= {
                one.id
                for one in ast.walk(node)
                if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
            }
    return found


def _asked(path: Path) -> list[tuple[str, str]]:
    """(package or module, name) of each `from … import name` of ours."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = ".".join(filter(None, [*package[: len(package) - node.level + 1], node.module]))
            found += [(base, alias.name) for alias in node.names]
    return found
