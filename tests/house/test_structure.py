"""The house rules that can be measured: rooms and arrows, one library one room, no cycles, small modules,
classes and functions."""

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
    "language": {"core"},
    "engines": {"core"},
    "discovery": {"core"},
    "trust": {"core"},
    "provisioner": {"core", "trust"},
    # The hub hands out what exports makes, in a process of its own; a second way to make it would only differ
    # from the command's.
    "api": {"core", "journal", "language", "alarms", "exports", "reports", "trust"},
    "csvlog": {"core", "journal"},
    "exports": {"core", "journal"},
    "reports": {"core", "journal", "language", "alarms", "exports", "_version"},
    "imports": {"core", "journal", "hub"},
    "backup": {"core", "journal", "_version"},
    "flash": {"core"},
    "alarms": {"core", "journal"},
    # A frame goes into a file as an export does, and a time as the page's and the command's own.
    "analysis": {"core", "journal", "engines", "exports"},
    "firewall": {"core"},
    "forward": {"core", "journal", "alarms", "engines"},
    "doctor": {"backup", "core", "journal", "discovery", "provisioner", "firewall", "hub", "_version"},
    "service": {"core", "hub"},
    "hub": {
        "backup",
        "core",
        "journal",
        "alarms",
        "api",
        "csvlog",
        "discovery",
        "provisioner",
        "forward",
        "language",
        "reports",
        "trust",
        "_version",
    },
    # What leans on the insides of Jupyter, ipywidgets and Voilà knows nothing of what the page shows.
    "jupyter": {"core", "hub"},
    "page": {"core", "journal", "language", "alarms", "analysis", "engines", "hub", "jupyter"},
    "server": {
        "core",
        "journal",
        "language",
        "api",
        "csvlog",
        "discovery",
        "provisioner",
        "analysis",
        "hub",
        "jupyter",
        "page",
        "_version",
    },
    "cli": {
        "backup",
        "core",
        "server",
        "hub",
        "flash",
        "forward",
        "csvlog",
        "exports",
        "reports",
        "imports",
        "doctor",
        "firewall",
        "service",
        "_version",
    },
    "__init__": {"core", "analysis", "hub", "page", "_version"},
    "__main__": {"cli"},
    "bootstrap": set(),
    "_version": set(),
}
# library -> the rooms that may use it.
LIBRARIES = {
    # imports: the database of Home Assistant, never the journal.
    "sqlite3": {"journal", "imports"},
    "tornado": {"api", "jupyter", "server"},
    "zeroconf": {"discovery"},
    "ifaddr": {"discovery"},
    "requests": set(),
    "urllib3": set(),
    "pandas": {"analysis", "__init__"},
    "polars": {"journal", "analysis", "exports", "forward", "imports", "__init__"},
    "dask": {"analysis"},
    "pyarrow": {"analysis", "exports"},
    "fsspec": {"exports"},
    "python_calamine": {"imports"},
    "ipywidgets": {"page", "jupyter"},
    "bqplot": {"page"},
    "segno": {"page"},
    "voila": {"jupyter", "server"},
    "jupyter_client": {"jupyter", "server"},
    "jupyter_server": {"jupyter", "server"},
    "ipykernel": {"jupyter"},
    # forward: what an engine says of itself.
    "prometheus_client": {"api", "engines"},
    "yaml": {"api"},
    "argon2": {"api"},
    "filelock": {"hub"},
    "xlsxwriter": {"exports"},
    "tqdm": {"exports"},
    "typst": {"reports"},
    "psutil": {"core", "doctor"},
    "paho": {"forward"},
    "apprise": {"alarms"},
    "wakepy": {"hub"},
    "cryptography": {"trust"},
    "msgspec": {"api"},
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
            found += [
                (alias.name, alias.name.startswith("temphub_kernel"), node.lineno) for alias in node.names
            ]
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


@pytest.mark.parametrize("folder", ["temphub_kernel", "firmware", "tests"])
def test_modules_are_short(folder):
    """No module is longer than 400 lines: with 250, one subject was cut into pieces that nobody found
    again."""
    found = list((ROOT / folder).rglob("*.py"))
    assert found, f"nothing found in {folder}"
    long = {
        str(p.relative_to(ROOT)): n
        for p in found
        if (n := len(p.read_text(encoding="utf-8").splitlines())) > LONGEST
    }
    assert not long


@pytest.mark.parametrize("folder", ["temphub_kernel", "firmware"])
def test_functions_and_classes_are_short(folder):
    """A function is at most 40 lines, nine of ten at most 20, a class at most 250. A function's docstring
    does not count: a contract is no code."""
    lengths: dict[str, int] = {}
    long = []
    for path in (one for one in (ROOT / folder).rglob("*.py") if "_shipped" not in one.parts):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = lengths[f"{path}:{node.lineno}"] = lines_of(node) - contract_of(node)
                most = FUNCTION
            elif isinstance(node, ast.ClassDef):
                lines, most = lines_of(node), CLASS
            else:
                continue
            if lines > most:
                long.append(
                    f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {lines} lines, at most {most}"
                )
    assert len(lengths) > 500, "the walk finds no functions"
    assert not long, "\n".join(long)
    p90 = sorted(lengths.values())[len(lengths) * 9 // 10]
    assert p90 <= NINE_OF_TEN, (
        f"{folder}: a tenth of the functions has more than {p90 - 1} lines, at most {NINE_OF_TEN}"
    )


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
            if (
                isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
                and node.name.startswith("test_")
                and not ast.get_docstring(node)
            ):
                silent.append(f"{path.relative_to(ROOT)}:{node.name}")
    assert not silent


def test_public_modules_say_what_lives_in_them():
    """Each module begins with its contract."""
    assert not [str(p.relative_to(ROOT)) for p in modules() if not ast.get_docstring(parsed(p))]
