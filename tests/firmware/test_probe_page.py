"""probe/page.py"""

from probe import page
from probe.reading import Celsius

WHO = {"id": "TempProbe-0A01", "name": "Kühlraum"}


def _status(**changes):
    status = {
        "last_c": Celsius(18678),
        "quality": None,
        "server_url": "http://10.0.0.1:8088",
        "outbox": 3,
        "interval_ms": 2500,
    }
    status.update(
        {
            "uptime_s": 7380,
            "version": "0.2",
            "model": "esp32",
            "last_error": None,
            "ssid": "home",
            "rssi": -61,
        }
    )
    status.update(changes)
    return status


def test_the_page_tells_value_network_hub_and_version():
    """All that a person wants to know at a glance."""
    text = page.front(WHO, _status())
    for part in (
        "4.6 °C",
        "home (-61 dBm)",
        "http://10.0.0.1:8088",
        "0.2 on esp32",
        "2.5 s",
        "2 h 3 min",
        "3 readings",
        "Kühlraum",
        "TempProbe-0A01",
    ):
        assert part in text, part
    assert "3 d 1 h" in page.front(WHO, _status(uptime_s=3 * 86400 + 3700))


def test_the_page_of_a_probe_without_value_hub_or_wifi():
    """What is missing is said or left out."""
    text = page.front(
        WHO, _status(last_c=None, quality="open", server_url="", ssid="", rssi=None, last_error="Down. Look.")
    )
    assert (
        "no value (open)" in text and "nobody yet" in text and "Wi-Fi" not in text and "Down. Look." in text
    )


def test_everything_on_the_page_is_text():
    """Names, networks, addresses and errors are shown and not obeyed."""
    evil = "<img src=x onerror='alert(1)'>\"&"
    text = page.front(
        {"id": "a", "name": evil},
        _status(ssid=evil, server_url=evil, last_error=evil, version=evil, quality=evil),
    )
    assert "<img" not in text and "onerror='" not in text and "&lt;img src=x onerror=&#39;" in text


def test_the_page_is_small():
    """It fits the board's memory and a radio's packets."""
    assert len(page.front(WHO, _status()).encode()) < 3000
