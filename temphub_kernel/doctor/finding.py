"""One line of the doctor's answer. Any thread."""

from dataclasses import asdict, dataclass

from ..base.errors import describe

WELL = "well"
# Worth knowing, nothing stops: it does not change the exit code.
WARNING = "warning"
PROBLEM = "problem"
# The system does not tell, or not in time.
UNKNOWN = "unknown"


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
