"""What the README says is so: its words are the program's, its commands and settings exist, its files are
there."""

import argparse
import re
from pathlib import Path

import pytest

from temphub_kernel.cli import options
from temphub_kernel.core.settings import ALLOWED

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SHOWS = (".py", ".toml", ".txt", ".bat", ".ps1", ".j2", ".js")


def section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def rows(title: str) -> list[list[str]]:
    found = [line.strip("| ").split(" | ") for line in section(title).splitlines() if line.startswith("| ")]
    return found[1:]


def told() -> str:
    """Everything the program can say, from its source."""
    files = [
        path
        for path in (ROOT / "temphub_kernel").rglob("*")
        if path.suffix in SHOWS and "_shipped" not in path.parts
    ]
    assert len(files) > 100
    return "\n".join(path.read_text(encoding="utf-8") for path in [*files, ROOT / "Start.bat"])


def test_the_troubleshooting_table_uses_the_programs_own_words():
    """Whoever searches the README for what the screen says finds it: each message in the table stands in the
    program like that."""
    program = told()
    messages = [
        message for row in rows("When it does not work") for message in re.findall(r"\*([^*]+)\*", row[0])
    ]
    assert len(messages) > 8
    for message in messages:
        # What differs from case to case: an ellipsis, the port, the log's name.
        for part in re.split(r"…|\b8088\b|temperature_log\.csv", message):
            assert part.strip() in program, f"{message!r}: the program never says {part.strip()!r}"


def test_every_row_says_what_to_do():
    """No row of the troubleshooting table leaves its reader with the problem alone."""
    for row in rows("When it does not work"):
        assert len(row) == 2 and len(row[1]) > 25, row


def test_the_table_of_settings_is_complete():
    """Each setting of the program has its row, and each row is a setting."""
    named = [name for row in rows("Settings") for name in re.findall(r"`([A-Z_]+)`", row[0])]
    assert sorted(named) == sorted(ALLOWED)


def test_every_command_that_the_documents_name_exists():
    """A command copied from README or docs is one that `temphub` knows, with those options."""
    parser = options.parser(
        [
            *("export", "import", "report", "forward", "backup", "restore"),
            *("alarms", "calibrate", "thermocouple", "strike-out"),
        ]
    )
    (commands,) = (
        action.choices for action in parser._actions if isinstance(action, argparse._SubParsersAction)
    )
    found = 0
    for document in DOCUMENTS:
        for command, rest in re.findall(r"(?<!\")\btemphub ([a-z]+(?:-[a-z]+)*)\b([^`\n]*)", _code(document)):
            found += 1
            assert command in commands, f"{document.name}: temphub {command}"
            # The virtual probe's options are the firmware's own.
            known = set(commands[command]._option_string_actions)
            for option in re.findall(r"(?<!\S)--[a-z][a-z-]+", rest):
                assert command == "probe" or option in known, f"{document.name}: temphub {command} {option}"
    assert found > 15


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_somewhere(document):
    """No document points to a page or picture that is not there, nor to a heading that nobody wrote."""
    text = document.read_text(encoding="utf-8")
    headings = {
        re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in text.splitlines()
        if line.startswith("#")
    }
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("#"):
            assert target[1:] in headings, f"{document.name}: {target}"
        elif not target.startswith("http"):
            assert (document.parent / target.partition("#")[0]).exists(), f"{document.name}: {target}"


def test_the_place_of_the_licence_is_marked():
    """The owner finds where the licence goes."""
    assert "owner" in section("Licence")


def _code(document: Path) -> str:
    """What a reader would type: between backquotes, or in a block."""
    text = document.read_text(encoding="utf-8")
    return "\n".join(
        re.findall(r"```sh\n(.*?)```", text, re.S)
        + re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.S))
    )
