"""A browser that hangs does not hang the run of tests."""

import time

import pytest

from browser.conftest import chromiums, launched


@pytest.mark.browser
def test_a_browser_that_does_not_close_is_killed_and_said():
    """A Chromium that stands still when its context is closed is killed after its time; the test that closed
    it fails in words."""
    with (
        pytest.raises(pytest.fail.Exception, match="did not close within 1 s"),
        launched(close_s=1.0) as browser,
    ):
        context = browser.new_context()
        context.new_page().goto("about:blank")
        for process in chromiums():
            process.suspend()
        began = time.monotonic()
        context.close()
    assert time.monotonic() - began < 30 and not chromiums()


@pytest.mark.browser
def test_a_browser_that_closes_is_left_in_peace():
    """The usual end of contexts and browsers is what it was."""
    with launched() as browser:
        for _ in range(2):
            context = browser.new_context()
            context.new_page().goto("about:blank")
            context.close()
        assert not browser.contexts
