"""The errors: a problem (with the value met and what it means for the user) and a remedy, of a type that
callers catch.

The same two sentences are shown on the page, in the log, in the HTTP body and at the command line. Any
thread.

A type is there because somebody catches it or answers it with a status of its own; those that only one room
knows live there. TempHubError itself is raised for what ends at the person who reads it: a setting, an
option, a call in a notebook.
"""


class TempHubError(Exception):
    """Raised for something the user can act on, and of which no program needs to know the kind.

    problem: one sentence, names the value met. remedy: one sentence, begins with a verb.
    code: short snake_case name for other programs; ours catch types. status: the HTTP status that carries it.
    """

    code = "problem"
    status = 400

    def __init__(self, problem: str, remedy: str, *, so: str = "", code: str = "") -> None:
        """so: what the problem meant for what was being done, appended to it. code: where one type has
        several."""
        # What was met, as whoever was doing something else may say it.
        self.met = problem
        self.problem = f"{problem}, so {so}." if so else problem
        self.remedy = remedy
        self.code = code or self.code
        super().__init__(f"{self.problem} — {remedy}")

    def as_json(self) -> dict[str, object]:
        """The error as every HTTP reply of the hub carries it."""
        return {"ok": False, "error": self.code, "problem": self.problem, "remedy": self.remedy}


class BadRequest(TempHubError):
    """Raised when a value in a request cannot be used: the same request will be refused again."""


class TooLarge(BadRequest):
    """Raised when more is sent or asked for than one request may carry."""

    status = 413


class NotAllowed(TempHubError):
    """Raised when a request does not show what it has to: a login, a token, a signature, somebody's yes."""

    status = 401


class Forbidden(TempHubError):
    """Raised when a request is refused for where it comes from, whatever it shows."""

    status = 403


class NotFound(TempHubError):
    """Raised when there is no probe, path, file or record of that name or number, or no journal at all."""

    status = 404


class Conflict(TempHubError):
    """Raised when something can be had in general, and not as things stand now: somebody has to change them
    first."""

    status = 409


class TooOften(TempHubError):
    """Raised when somebody asks more often than is their share; later the same is taken."""

    status = 429


class HubFault(TempHubError):
    """Raised when the hub itself, and not who asked, is at fault."""

    code = "internal"
    status = 500


class BadGateway(TempHubError):
    """Raised when a probe or program that the hub asked for somebody does not answer, or not as it should."""

    status = 502


class Unavailable(TempHubError):
    """Raised when a part of the hub cannot do now what it can in general; asking again helps."""

    status = 503


class Busy(Unavailable):
    """Raised when so much waits already that nothing more is taken for the moment."""

    code = "busy"


class JournalUnreadable(Unavailable):
    """Raised when readings that are stored, in the journal or its archive, cannot be read."""

    code = "journal_unreadable"


class JournalUnwritable(Unavailable):
    """Raised when the journal cannot be opened for writing, or does not take what is to be stored."""

    code = "journal_unusable"


class DiskFull(TempHubError):
    """Raised when the disk has no room for what is to be stored."""

    code = "disk_full"
    status = 507


class Relayed(TempHubError):
    """Raised for what another program (a hub, an export's process, the page server) refused: its own code and
    status."""

    def __init__(self, problem: str, remedy: str, *, code: str, status: int = 400) -> None:
        super().__init__(problem, remedy, code=code)
        self.status = status


def describe(error: BaseException) -> tuple[str, str]:
    """(problem, remedy) of any exception; an unforeseen one is named as such, never hidden."""
    if isinstance(error, TempHubError):
        return error.problem, error.remedy
    return (
        f"An unforeseen error stopped a part of the hub: {type(error).__name__}: {error}.",
        "Report this line together with the log; the hub goes on by itself where it can.",
    )
