"""Waiting for what must come, and saying what this machine cannot do."""

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import pytest

from support.alone import promising

if TYPE_CHECKING:
    from playwright.sync_api import FloatRect, Locator, Page

Answer = TypeVar("Answer")

# So long may something take beside the tests of three other workers: a bound against waiting for ever. Who
# promises a time is marked `alone`.
PATIENCE_S = 45.0
# So Playwright says that the page it looked at was replaced in the middle of the look.
GONE = "Execution context was destroyed"


def cannot(reason: str) -> NoReturn:
    """This machine cannot run the test: skipped at home with the reason, a failure in CI."""
    if os.environ.get("CI"):
        pytest.fail(f"CI must be able to run this: {reason}")
    pytest.skip(reason)


def patient(usual_s: float) -> float:
    """How long something may take that usually takes so long: more where tests of others run beside it."""
    return usual_s if promising() else max(usual_s, PATIENCE_S)


def wait_for(what: Callable[[], Answer | None], timeout_s: float = 10.0, every_s: float = 0.02) -> Answer:
    """The first true answer of `what()`; fails when there is none in time, where tests of others run beside
    it not before `PATIENCE_S`."""
    timeout_s = patient(timeout_s)
    deadline = time.monotonic() + timeout_s
    while True:
        answer = _looked(what)
        if answer:
            return answer
        if time.monotonic() > deadline:
            pytest.fail(f"nothing true came of {what} in {timeout_s:g} s; last answer {answer!r}")
        time.sleep(every_s)


def _looked(what: Callable[[], Answer | None]) -> Answer | None:
    try:
        return what()
    except Exception as error:
        # A look at a page that is just being opened anew is none.
        if type(error).__module__.startswith("playwright.") and GONE in str(error):
            return None
        raise


def box_of(what: "Locator") -> "FloatRect":
    """Where it is drawn: a piece that the page replaces has no box for a moment."""
    return wait_for(what.bounding_box)


def answer_of(page: "Page", script: str, given: object = None) -> Any:
    """What a page's script comes to; None while the page is being replaced, or has not yet what is asked
    about. For `wait_for`."""
    from playwright.sync_api import Error

    try:
        return page.evaluate(script, given)
    except Error:
        return None
