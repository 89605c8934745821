"""The one error shape: a problem (with the value met and what it means for the user) and a remedy.

The same two sentences are shown on the page, in the log, in the HTTP body and at the command line. Any thread.
"""


class TempHubError(Exception):
    """Something the user can act on.

    problem: one sentence, names the value met. remedy: one sentence, begins with a verb.
    code: short snake_case name for programs. status: the HTTP status that carries it.
    """

    def __init__(self, problem: str, remedy: str, *, code: str = "problem", status: int = 400) -> None:
        super().__init__(f"{problem} — {remedy}")
        self.problem = problem
        self.remedy = remedy
        self.code = code
        self.status = status

    def as_json(self) -> dict[str, object]:
        """The error as every HTTP reply of the hub carries it."""
        return {"ok": False, "error": self.code, "problem": self.problem, "remedy": self.remedy}


def describe(error: BaseException) -> tuple[str, str]:
    """(problem, remedy) of any exception; an unforeseen one is named as such, never hidden."""
    if isinstance(error, TempHubError):
        return error.problem, error.remedy
    return (
        f"An unforeseen error stopped a part of the hub: {type(error).__name__}: {error}.",
        "Report this line together with the log; the hub goes on by itself where it can.",
    )
