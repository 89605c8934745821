"""The house rules that can be measured: rooms and arrows, one library one room, no cycles, small modules, classes and functions."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "temphub_kernel"
LONGEST = 400

# room -> rooms it may import. A new room goes in here.
ROOMS = {
    "core": set(),
    "journal": {"core"},
    "discovery": {"core"},
    "trust": {"core"},
    "provisioner": {"core", "trust"},
    # The hub hands out what exports makes, in a process of its own; a second way to make it would only differ from the command's.
    "api": {"core", "journal", "alarms", "exports", "trust"},
    "csvlog": {"core", "journal"},
    "exports": {"core", "journal"},
    "flash": {"core"},
    "alarms": {"core", "journal"},
    "analysis": {"core", "journal"},
    "firewall": {"core"},
    "forward": {"core", "journal"},
    "doctor": {"core", "journal", "discovery", "provisioner", "firewall", "hub", "_version"},
    "service": {"core", "hub"},
    "hub": {"core", "journal", "alarms", "api", "csvlog", "discovery", "provisioner", "forward", "trust", "_version"},
    # What leans on the insides of Jupyter, ipywidgets and Voilà knows nothing of what the page shows.
    "jupyter": {"core", "hub"},
    "page": {"core", "journal", "alarms", "analysis", "hub", "jupyter"},
    "server": {"core", "journal", "api", "csvlog", "discovery", "provisioner", "analysis", "hub", "jupyter", "page", "_version"},
    "cli": {"core", "server", "hub", "flash", "csvlog", "exports", "doctor", "firewall", "service", "_version"},
    "__init__": {"core", "analysis", "hub", "page", "_version"},
    "__main__": {"cli"},
    "bootstrap": set(),
    "_version": set(),
}
# library -> the rooms that may use it.
LIBRARIES = {
    "sqlite3": {"journal"},
    "tornado": {"api", "jupyter", "server"},
    "zeroconf": {"discovery"},
    "ifaddr": {"discovery"},
    "requests": set(),
    "urllib3": set(),
    "pandas": {"analysis", "__init__"},
    "polars": {"journal", "analysis", "exports", "__init__"},
    "ipywidgets": {"page", "jupyter"},
    "bqplot": {"page"},
    "segno": {"page"},
    "voila": {"jupyter", "server"},
    "jupyter_client": {"jupyter", "server"},
    "jupyter_server": {"jupyter", "server"},
    "ipykernel": {"jupyter"},
    "prometheus_client": {"api"},
    "yaml": {"api"},
    "argon2": {"api"},
    "filelock": {"hub"},
    "xlsxwriter": {"exports"},
    "tqdm": {"exports"},
    "psutil": {"core", "doctor"},
    "paho": {"forward"},
    "apprise": {"alarms"},
    "wakepy": {"hub"},
    "cryptography": {"trust"},
    "msgspec": {"api"},
}


# Rings of the firmware that stay, each with its reason: parts that are loaded for a moment and dropped name what is always there, and
# what is always there loads them. Each way around it that was measured costs a board memory for good.
RINGS = {
    frozenset({"probe.http", "probe.request", "probe.host_check"}): (
        "The last two are loaded for a request and raise the server's Problem, which the server has to know from the first."
    ),
    frozenset({"probe.settings", "probe.settings_file", "probe.settings_check"}): (
        "The last two are loaded when settings are read or changed and raise Refused, which whoever changes them has to know."
    ),
    frozenset({"probe.reading", "probe.chip"}): (
        "What a thermocouple's chip says is loaded where there is such a chip, and is told in the Celsius of every reading."
    ),
    frozenset({"probe.spill_disk", "probe.spill"}): (
        "What lies on the flash is loaded while readings lie there; to hand it the size of a file took 32 bytes of code (98,592 to 98,624)."
    ),
}
# Code lines of a function and lines of a class; of ten functions nine have no more than so many.
FUNCTION, CLASS, NINE_OF_TEN = 40, 250, 20


def modules() -> list[Path]:
    found = [path for path in PACKAGE.rglob("*.py") if "_shipped" not in path.parts]
    assert len(found) > 40, "the walk finds no code"
    return found


def room_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


@cache
def parsed(path: Path) -> ast.Module:
    """A module's syntax; several rules look at the same ones."""
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> list[tuple[str, bool, int]]:
    """(dotted name, whether it is ours, line) of each import, wherever in the file it stands."""
    found = []
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found += [(alias.name, alias.name.startswith("temphub_kernel"), node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1]
            # `from .. import x` names rooms themselves.
            names = [node.module] if node.module else [alias.name for alias in node.names]
            found += [(".".join([*base, name]), True, node.lineno) for name in names]
        elif isinstance(node, ast.ImportFrom):
            found.append((node.module or "", (node.module or "").startswith("temphub_kernel"), node.lineno))
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_arrows_between_rooms(path):
    """A room imports only what the table allows, and a library stays in its room."""
    room = room_of(path)
    assert room in ROOMS, f"{room} is not in the table of rooms"
    for name, ours, line in imports(path):
        if ours:
            parts = name.split(".")
            target = parts[1] if len(parts) > 1 else "__init__"
            assert target == room or target in ROOMS[room], f"{path.name}:{line} imports {name}"
        else:
            library = name.split(".")[0]
            assert room in LIBRARIES.get(library, {room}), f"{path.name}:{line} uses {library}"


def test_rooms_have_no_cycles():
    """The table itself has no way back."""

    def below(room: str, seen: tuple[str, ...] = ()) -> None:
        assert room not in seen, f"cycle: {' -> '.join([*seen, room])}"
        for other in ROOMS[room]:
            below(other, (*seen, room))

    for room in ROOMS:
        below(room)


@pytest.mark.parametrize("folder", ["temphub_kernel", "firmware"])
def test_modules_have_no_cycles(folder):
    """No modules import each other in a ring, on paper neither: imports inside functions and for the type checker count."""
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
    return {".".join(path.relative_to(top).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


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
    """The modules that a module reaches and that reach it; itself alone as a rule. below: what each one reaches."""
    return frozenset({name, *(other for other in below[name] if name in below[other])})


def reached(name: str, graph: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    left = [name]
    while left:
        more = graph[left.pop()] - found
        found |= more
        left += more
    return found


def test_a_door_has_what_is_asked_of_it():
    """A room that brings its names in on demand has each name that others import from it, and has none that is not there."""
    doors = {}
    for path in modules():
        tables = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.Assign)]
        for table in tables:
            if path.name == "__init__.py" and isinstance(table.targets[0], ast.Name) and table.targets[0].id == "NAMES":
                doors[".".join(path.relative_to(ROOT).parts[:-1])] = ast.literal_eval(table.value)
    assert len(doors) > 1, "no door found"
    for package, names in doors.items():
        for module, given in names.items():
            tree = ast.parse((ROOT / f"{package}.{module}".replace(".", "/")).with_suffix(".py").read_text(encoding="utf-8"))
            assert set(given.split()) <= _bound(tree), f"{package}: {set(given.split()) - _bound(tree)}"
    for path in modules():
        for package, name in _asked(path):
            if package in doors and not (ROOT / package.replace(".", "/") / f"{name}.py").exists() and name not in ("door", "*"):
                given = {one for names in doors[package].values() for one in names.split()}
                assert name in given, f"{path.relative_to(ROOT)}: NAMES of {package} lacks {name}"


def _bound(tree: ast.Module) -> set[str]:
    """The names that a module binds at its top."""
    found = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            found |= {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
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


@pytest.mark.parametrize("folder", ["temphub_kernel", "firmware", "tests"])
def test_modules_are_short(folder):
    """No module is longer than 400 lines: with 250, one subject was cut into pieces that nobody found again."""
    found = list((ROOT / folder).rglob("*.py"))
    assert found, f"nothing found in {folder}"
    long = {str(p.relative_to(ROOT)): n for p in found if (n := len(p.read_text(encoding="utf-8").splitlines())) > LONGEST}
    assert not long


@pytest.mark.parametrize("folder", ["temphub_kernel", "firmware"])
def test_functions_and_classes_are_short(folder):
    """A function is at most 40 lines, nine of ten at most 20, a class at most 250. A function's docstring does not count: a contract is
    no code."""
    lengths: dict[str, int] = {}
    long = []
    for name, path in named_modules(folder).items():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = lengths[f"{name}:{node.lineno}"] = lines_of(node) - contract_of(node)
                most = FUNCTION
            elif isinstance(node, ast.ClassDef):
                lines, most = lines_of(node), CLASS
            else:
                continue
            if lines > most:
                long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {lines} lines, at most {most}")
    assert len(lengths) > 500, "the walk finds no functions"
    assert not long, "\n".join(long)
    p90 = sorted(lengths.values())[len(lengths) * 9 // 10]
    assert p90 <= NINE_OF_TEN, f"{folder}: a tenth of the functions has more than {p90 - 1} lines, at most {NINE_OF_TEN}"


def lines_of(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def contract_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the docstring."""
    return lines_of(node.body[0]) if ast.get_docstring(node) is not None else 0


@pytest.mark.parametrize("folder", ["temphub_kernel", "firmware"])
def test_folders_are_small(folder):
    """No folder of the package holds more than 18 files: who looks for something reads one list."""
    counts: dict[Path, int] = {}
    for path in (ROOT / folder).rglob("*.py"):
        # The probe's parts lie in one folder: a package of MicroPython costs memory on the board.
        if "_shipped" not in path.parts and path.parent != ROOT / "firmware" / "probe":
            counts[path.parent] = counts.get(path.parent, 0) + 1
    assert counts
    assert not {str(parent.relative_to(ROOT)): n for parent, n in counts.items() if n > 18}


def test_probe_imports_nothing_outside_itself():
    """The probe's core runs on any interpreter: it never imports the machine, nor the hub."""
    allowed = {
        "asyncio",
        "binascii",
        "errno",
        "gc",
        "json",
        "math",
        "os",
        "random",
        "re",
        "socket",
        "struct",
        "sys",
        "time",
        "hashlib",
        "array",
        "select",
        "io",
    }
    found = list((ROOT / "firmware" / "probe").rglob("*.py"))
    assert found, "the probe has no code"
    for path in found:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            else:
                continue
            for name in names:
                assert name.split(".")[0] in allowed | {"probe"}, f"{path.name} imports {name}"


def test_every_test_says_what_it_promises():
    """Each test's docstring says in words what a user may rely on."""
    silent = []
    found = list((ROOT / "tests").rglob("test_*.py"))
    assert found
    for path in found:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_") and not ast.get_docstring(node):
                silent.append(f"{path.relative_to(ROOT)}:{node.name}")
    assert not silent


def test_public_modules_say_what_lives_in_them():
    """Each module begins with its contract."""
    assert not [str(p.relative_to(ROOT)) for p in modules() if not ast.get_docstring(parsed(p))]
