"""'Check this hub': the doctor's findings on the page."""

import re

import pytest
from ipywidgets import Button

from support.waiting import wait_for
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.finding import as_text, problem, unknown, warning, well
from temphub_kernel.page import words
from temphub_kernel.page.choices.view import View
from temphub_kernel.page.data.snapshot import Snapshot
from temphub_kernel.page.widgets import doctor_panel
from temphub_kernel.page.widgets.base import Asks, Kit

FOUND = [
    well("Clock", "It is right."),
    warning("Sleep", "It sleeps.", "Run `powercfg`."),
    problem("Port", "<b>taken</b>", "Set PORT."),
    unknown("Firewall", "Not told."),
]
NOW_MS = 1_795_000_000_000
NOW = Snapshot(NOW_MS, View().window, 0, 0, {}, [])
ANSWER = {
    "ok": True,
    "well": False,
    "version": "1",
    "time": "2026-11-23T08:00:00.000Z",
    "findings": [one.as_json() for one in FOUND],
}


def plain(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.fixture
def panel():
    """A panel whose hub gives what `answers` holds."""
    woken, answers, asked = [], [], []
    asks = Asks(lambda: woken.append(1))

    def ask(path, body):
        asked.append((path, body))
        wait_for(lambda: answers, 10)
        if isinstance(answers[0], Exception):
            raise answers.pop(0)
        return answers.pop(0)

    made = doctor_panel.DoctorPanel(Kit(), ask, asks)
    made.show(NOW)
    yield made, answers, asked, asks
    asks.stop()


def press(panel):
    (button,) = (one for one in panel.widget.children[0].children if isinstance(one, Button))
    button.click()
    panel.show(NOW)
    return button


def test_the_button_asks_the_hub_and_shows_what_was_found(panel):
    """Pressed once the hub is asked once; meanwhile the page says so and the button waits; then every finding
    stands there."""
    shown, answers, asked, asks = panel
    told = shown.widget.children[1]
    assert "temphub doctor" in told.value
    button = press(shown)
    assert button.disabled and words.CHECKING in told.value
    answers.append(ANSWER)
    wait_for(lambda: not asks.busy("doctor"), 10)
    shown.show(NOW)
    assert asked == [("/api/doctor", None)] and not button.disabled
    for one in FOUND:
        assert one.check in told.value and doctor_panel.words.LEVELS[one.level] in told.value


def test_a_hub_that_cannot_be_asked_is_told_in_its_words(panel):
    """The hub's own refusal, problem and remedy, takes the place of the findings; the next try is free."""
    shown, answers, _, asks = panel
    button = press(shown)
    answers.append(TempHubError("The hub does not answer.", "Wait a little."))
    wait_for(lambda: not asks.busy("doctor"), 10)
    shown.show(NOW)
    assert "The hub does not answer. Wait a little." in shown.widget.children[1].value and not button.disabled


def test_problems_stand_first_each_with_shape_words_and_remedy():
    """Whoever looks for what is wrong finds it at the top, told by more than a colour; nothing found becomes
    markup."""
    html = doctor_panel.findings(ANSWER, View(), NOW_MS)
    rows = re.findall(r'<li class="th-seen th-is-(\w+)">(.*?)</li>', html)
    assert [state for state, _ in rows] == ["fault", "online", "late", "waiting"]
    assert all("<svg" in row for _, row in rows) and "Set PORT." in rows[0][1]
    assert "<b>" not in html and "<code>powercfg</code>" in html and "Problems found: 1." in plain(html)


def test_the_text_to_send_is_the_commands_own():
    """What is copied is word for word what `temphub doctor` prints."""
    html = doctor_panel.findings(ANSWER, View(), NOW_MS)
    text = html.split("<pre", 1)[1].split(">", 1)[1].split("</pre>")[0]
    assert text.replace("&lt;", "<").replace("&gt;", ">") == as_text(FOUND)


def test_answers_of_another_version_do_not_break_the_page():
    """A level or a field that this page does not know is shown as far as it goes."""
    html = doctor_panel.findings(
        {"findings": [{"check": "New", "level": "odd", "result": "Said."}]}, View(), NOW_MS
    )
    assert "Said." in html and "odd" in html
