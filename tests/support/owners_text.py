"""docs/contract.md, the owner's own document, taken apart: blocks, code in lines, the table of settings, the
lists of requests."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

DOCUMENT = Path(__file__).parents[2] / "docs" / "contract.md"
BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)


class Variable(NamedTuple):
    """A row of the table of settings, as it stands."""

    name: str
    default: str
    purpose: str


@cache
def text() -> str:
    """The whole document."""
    return DOCUMENT.read_text(encoding="utf-8")


def section(title: str) -> str:
    """What stands below a heading that begins with `title`."""
    (found,) = re.findall(
        rf"^## {re.escape(title)}[^\n]*\n(.*?)(?=^## |\Z)", text(), re.DOTALL | re.MULTILINE
    )
    return str(found)


def blocks() -> list[str]:
    """The blocks of code, in order, without their indent."""
    return [
        "\n".join(line.removeprefix("  ") for line in block.splitlines())
        for _, block in BLOCK.findall(text())
    ]


def spans() -> set[str]:
    """Every piece of code in the lines of text."""
    return set(re.findall(r"`([^`\n]+)`", BLOCK.sub("", text())))


def json_blocks() -> list[dict[str, Any]]:
    """The blocks that are JSON bodies."""
    return [json.loads(block) for block in blocks() if block.startswith("{")]


def curl_lines() -> list[str]:
    """The command lines."""
    return [block for block in blocks() if block.startswith("curl ")]


def quick_test() -> str:
    """The address to open in a browser."""
    (found,) = [block for block in blocks() if block.startswith("http")]
    return found.strip()


def variables() -> list[Variable]:
    """The table of settings."""
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \|$", section("Configuration"), re.MULTILINE)
    return [Variable(*row) for row in rows]


def requests(title: str) -> list[tuple[str, str, str]]:
    """(method, address, what is said of it) of each request listed in a section."""
    found = []
    for line in section(title).splitlines():
        parts = re.split(r"`(GET|POST) ([^`]+)`", line)
        found += list(zip(parts[1::3], parts[2::3], parts[3::3], strict=True))
    return found


def words(sloppy: str) -> Any:
    """What a reply written for people means: `{ ok: true, probes: [{ id }] }` as {"ok": True, "probes":
    [{"id": ...}]}."""
    quoted = re.sub(r"([{,]\s*)(\w+)\??\s*(?=[,}])", r'\1"\2": "..."', sloppy)
    # A second time: each name's comma is the next one's beginning.
    quoted = re.sub(r"([{,]\s*)(\w+)\??\s*(?=[,}])", r'\1"\2": "..."', quoted)
    return json.loads(re.sub(r"([{,]\s*)(\w+)\s*:", r'\1"\2":', quoted))


def filled(line: str, hub: str, probe: str = "", token: str = "") -> str:
    """A request with its placeholders replaced."""
    for place, value in {
        "<hub-ip>": hub,
        "<probe-ip>": probe,
        "<optional>": token,
        "<SERVER_TOKEN>": token,
    }.items():
        line = line.replace(place, value)
    assert "<" not in line, line
    return line


def seconds(pattern: str) -> float:
    """The largest number of seconds in the first place that `pattern` finds, such as `within ~10 seconds`."""
    found = re.search(pattern + r"[^\n]*?~?(?:(\d+)–)?(\d+)[ -]seconds", text())
    assert found, pattern
    return float(found[2])


def same_form(value: Any, model: Any) -> bool:
    """Whether a reply has at least what the document shows, of the same kind; "..." stands for anything."""
    if model == "...":
        return True
    if isinstance(model, dict):
        return isinstance(value, dict) and all(
            name in value and same_form(value[name], one) for name, one in model.items()
        )
    if isinstance(model, list):
        return isinstance(value, list) and bool(value) and all(same_form(one, model[0]) for one in value)
    if isinstance(model, bool):
        return value is model
    if isinstance(model, int | float):
        return isinstance(value, int | float)
    return isinstance(value, type(model))
