"""The hub's plain pages in the language of who looks at them."""

import re
from importlib import resources

from support.waiting import wait_for

GERMAN = {"Accept": "text/html", "Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}
FRENCH = {"Accept": "text/html", "Accept-Language": "fr"}
OTHER = {"Accept": "text/html", "Accept-Language": "tlh"}


def shown(hub, path, headers):
    """The page of a path."""
    return hub.whole("GET", path, headers=headers)[2].decode()


def test_what_is_not_there_is_told_in_the_browsers_language(make_hub):
    """Whoever mistypes an address reads what to do; a screen reader knows the language; programs get the
    API's own words whatever they accept."""
    hub = make_hub()
    for headers, language, told in (
        (GERMAN, "de", "Zu den Temperaturen"),
        (FRENCH, "fr", "Vers les températures"),
        (OTHER, "en", "To the temperatures"),
    ):
        page = shown(hub, "/nothing", headers)
        assert f'<html lang="{language}">' in page and told in page
    assert "Diese Adresse gibt es auf dem Hub nicht." in shown(hub, "/nothing", GERMAN)
    assert hub.ask("GET", "/nothing", headers={"Accept-Language": "de"})[1]["problem"] == (
        "The hub has no /nothing."
    )


def test_the_page_of_a_notebooks_hub_speaks(make_hub):
    """Its values as well: a decimal comma, and commands to type as they are."""
    hub = make_hub()
    assert "Noch kein Messwert." in shown(hub, "/", GERMAN)
    hub.ask("POST", "/api/ingest", {"temperature_c": 4.5, "probe_id": "Fridge"})
    wait_for(lambda: "4,5 °C" in shown(hub, "/", FRENCH))
    page = shown(hub, "/", FRENCH)
    assert "Dernière valeur" in page and "<code>temphub</code>" in page and '<html lang="fr">' in page
    assert "4.5 °C" in shown(hub, "/", OTHER)


def test_the_login_speaks(make_hub):
    """Its field, its button and what it says of a wrong password and of too many of them."""
    hub = make_hub(environ={"UI_PASSWORD": "a cold room"})
    page = shown(hub, "/login", GERMAN)
    assert "<svg" in page and "--accent:#0067a3" in page and 'rel="manifest"' in page
    assert "Passwort" in page and "Anmelden" in page and "Password</label>" not in page
    form = {**GERMAN, "Content-Type": "application/x-www-form-urlencoded"}
    form["Origin"] = f"http://127.0.0.1:{hub.port}"
    told = [hub.whole("POST", "/login", b"password=x", form) for _ in range(6)]
    assert told[0][0] == 403 and "Das ist nicht das Passwort." in told[0][2].decode()
    assert told[-1][0] == 429 and "zu viele falsche Passwörter" in told[-1][2].decode()
    assert "Se déconnecter" in shown(hub, "/logout", FRENCH)


def test_plain_pages_look_like_the_page(make_hub):
    """Logout (as login), what is not there and a notebook's hub have the page's sign and colours, light and
    dark, and a long word breaks instead of widening them."""
    style = (resources.files("temphub_kernel.page") / "style.css").read_text("utf-8")
    hub = make_hub()
    for path in ("/", "/logout", "/" + 90 * "x"):
        page = shown(hub, path, GERMAN)
        assert "<svg" in page and "prefers-color-scheme:dark" in page and "overflow-wrap:anywhere" in page
        for name in ("page", "ink", "accent"):
            for colour in re.findall(rf"--{name}:(#\w+)", page):
                assert f"--th-{name}: {colour}" in style.replace("#ffffff", "#fff"), (path, name, colour)
