"""One line of the doctor's answer, and all of them as text. Any thread."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from .errors import describe

WELL = "well"
# Worth knowing, nothing stops: it does not change the exit code.
WARNING = "warning"
PROBLEM = "problem"
# The system does not tell, or not in time.
UNKNOWN = "unknown"
SIGNS = {WELL: "ok", WARNING: "note", PROBLEM: "PROBLEM", UNKNOWN: "?"}


@dataclass(frozen=True)
class Finding:
    """check: what was looked at; result: one sentence; remedy: what to do, empty when all is well."""

    check: str
    level: str
    result: str
    remedy: str = ""

    def as_json(self) -> dict[str, str]:
        """The line for programs."""
        return asdict(self)


def well(check: str, result: str) -> Finding:
    """All is well."""
    return Finding(check, WELL, result)


def warning(check: str, result: str, remedy: str) -> Finding:
    """It works, but not as well as it could, or not for ever."""
    return Finding(check, WARNING, result, remedy)


def problem(check: str, result: str, remedy: str) -> Finding:
    """Something of the hub cannot work."""
    return Finding(check, PROBLEM, result, remedy)


def unknown(check: str, result: str, remedy: str = "") -> Finding:
    """It could not be found out."""
    return Finding(check, UNKNOWN, result, remedy)


def failed(check: str, error: BaseException) -> Finding:
    """The check itself met an error, told in the error's own words."""
    said, remedy = describe(error)
    return Finding(check, PROBLEM, said, remedy)


def as_text(found: Iterable[Finding]) -> str:
    """A line for each, the remedy below it, and a sum at the end."""
    lines, problems = [], 0
    for one in found:
        problems += one.level == PROBLEM
        lines.append(f"{SIGNS.get(one.level, SIGNS[UNKNOWN]):>7}  {one.check}: {one.result}")
        if one.remedy:
            lines.append(f"{'':>7}  -> {one.remedy}")
    lines.append("")
    lines.append(
        "No problem found."
        if not problems
        else f"{problems} problem{'s' if problems > 1 else ''} found; what to do stands behind ->."
    )
    return "\n".join(lines)
