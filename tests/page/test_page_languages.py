"""A page in another language: its own choice, whatever other pages speak."""

import pytest
from ipywidgets import Button, Dropdown, Text

from page.alarms_page import card, field, plain, press, said
from support.widgets import every, words
from temphub_kernel.core.clock import MINUTE_MS
from temphub_kernel.journal import Reader
from temphub_kernel.jupyter import sessions
from temphub_kernel.page import alarm_words, format, tongue

# What Jupyter itself asks for them by.
pytestmark = pytest.mark.filterwarnings("ignore:Widget.widgets is deprecated")


@pytest.fixture(autouse=True)
def visit():
    """A visit as the pages' kernel has it, so that its widgets are its own."""
    before = sessions.VISIT.set("11111111-1111-4111-8111-111111111111")
    yield
    tongue.speak("en")
    tongue.silent()
    sessions.VISIT.reset(before)


def test_a_page_speaks_as_its_browser_wants(journal, open_dashboard):
    """Labels, values and states are the language's, in what was made before anybody asked as well."""
    journal.reading("Fridge", 1234.5)
    page = open_dashboard(journal.path)
    assert "Recording" in words(page) or "Hub stopped" in words(page)
    page.choose("", language="de")
    page.still()
    told = words(page)
    assert "Fühler online" in told and "1234,5" in told and "probes online" not in told
    labels = {button.description for button in every(page, Button)}
    assert "Wandanzeige" in labels and "Wall screen" not in labels


def test_an_address_chooses_over_the_browser(journal, open_dashboard):
    """Who borrows a computer reads his own language; a language that there is not leaves the browser's."""
    journal.reading("Fridge", 4.5)
    page = open_dashboard(journal.path)
    page.choose("?language=fr", language="de")
    page.still()
    assert "sondes en ligne" in words(page)
    choice = next(one for one in every(page, Dropdown) if one.description == "Langue")
    assert choice.value == "fr"
    page.choose("?language=tlh", language="xx")
    assert tongue.spoken() == "fr"


def test_a_choice_on_the_page_has_it_made_anew(journal, open_dashboard):
    """In a notebook, where no script opens the page again, the widgets change at once."""
    journal.reading("Fridge", 4.5)
    page = open_dashboard(journal.path)
    next(one for one in every(page, Dropdown) if one.description == "Language").value = "de"
    page._refresh_now()
    assert "Fühler online" in words(page)


@pytest.mark.parametrize(
    ("language", "label", "says"),
    [
        ("de", "Grenzwert, °C", "Der Grenzwert ist 9999,0, also wurde die Regel"),
        ("fr", "Seuil, °C", "Le seuil est 9999,0, la règle n'a donc pas été prise."),
    ],
)
def test_a_form_refuses_in_its_own_language(journal, open_dashboard, language, label, says):
    """A limit that no sensor can have is refused in words that whoever typed it reads."""
    journal.reading("Fridge", 4.5)
    page = open_dashboard(journal.path, ask=lambda path, body: {})
    page.choose(f"?language={language}")
    page.still()
    page._panels._alarms.open_limits("Fridge")
    field(page, Text, label).value = "9999"
    press(page, tongue.word("alarms", "TRY"))
    assert said(page, says)


def test_counts_are_said_as_the_language_counts():
    """None is several in English and German and one in French."""
    for language, told in (("en", "0 alarms"), ("de", "0 Alarme"), ("fr", "0 alarme")):
        tongue.speak(language)
        assert format.counted(alarm_words.CHOSEN_COUNT, 0) == told
        assert not format.counted(alarm_words.CHOSEN_COUNT, 1).endswith("s")


@pytest.mark.parametrize(
    ("language", "rule", "told"),
    [
        ("de", {"kind": "silent"}, "war stumm, 12 min lang, liefert wieder"),
        ("fr", {"kind": "silent"}, "était muette pendant 12 min, envoie de nouveau"),
        ("de", {"kind": "above", "limit_c": 8}, "war über 8 °C, 12 min lang, wieder gut seit"),
        (
            "fr",
            {"kind": "below", "limit_c": 8},
            "était sous 8 °C pendant 12 min, rétablie depuis",
        ),
        ("de", {"kind": "sensor"}, "hatte einen gestörten Sensor, 12 min lang, wieder gut"),
    ],
)
def test_that_an_alarm_is_over_is_said_in_each_language(journal, open_dashboard, language, rule, told):
    """How long a probe was silent that delivers again, or a value beyond its limit that is back, is no time
    that still goes on."""
    rule = journal.rule(**rule, recovery_min=60)
    journal.reading("Fridge", 5.0)
    journal.alarm(rule, ago_min=15)
    with Reader(journal.path) as reader:
        (began_ms,) = (one.since_ms for one in reader.live_alarms())
    journal.back(rule, 1, {1: began_ms + 12 * MINUTE_MS})
    page = open_dashboard(journal.path)
    page.choose("", language=language)
    page.still()
    assert told in plain(card(page, "Fridge"))
