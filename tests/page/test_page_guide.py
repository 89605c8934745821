"""What to do when no probe is found, and what the hub itself sees meanwhile."""

import re

from temphub_kernel.page.html import panels

WELL = {"seen": {"interfaces": ["192.0.2.7"], "refused": {}, "adverts": 3, "hellos": 2, "last_error": ""}}
ILL = {
    "seen": {
        "interfaces": [],
        "refused": {"192.0.2.9": "<b>firewall</b>"},
        "adverts": 0,
        "hellos": 0,
        "last_error": "no buffer space",
    }
}


def words(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_the_guide_says_what_the_hub_sees():
    """Interfaces, adverts and hellos that came are told as such."""
    told = words(panels.empty(WELL))
    assert (
        "listens on 192.0.2.7" in told
        and "heard so far: 3" in told
        and "Hellos of probes heard so far: 2" in told
    )


def test_what_is_wrong_is_told_with_what_to_do():
    """No network, a refused interface, silence and the last trouble each come with a remedy; nothing of it is
    markup."""
    told = words(panels.empty(ILL))
    for remedy in (
        "Connect this computer",
        "Allow TempHub in the firewall",
        "Switch the probe off and on",
        "temphub doctor",
    ):
        assert remedy in told
    assert "<b>" not in panels.empty(ILL)


def test_a_probe_with_ipv6_only_is_named_on_the_page():
    """Below a list of probes and without one: which probe it is, where it was heard, why it is not used, and
    what to do."""
    health = {"seen": {**WELL["seen"], "six_only": ["Fridge at home at fe80::1"]}}
    for told in (words(panels.empty(health)), words(panels.more(health))):
        assert (
            "The probe Fridge at home at fe80::1 is announced by IPv6 only" in told
            and "Switch IPv4 on" in told
        )


def test_the_folded_guide_keeps_still():
    """Below a list of probes it does not change with every advert, since it would fold itself again."""
    later = {"seen": {**WELL["seen"], "adverts": 99, "hellos": 7}}
    assert panels.more(WELL) == panels.more(later)


def test_a_hub_of_an_earlier_version_says_nothing_and_the_steps_stay():
    """A note without that part, or with nonsense in it, leaves the checklist as it is."""
    for health in ({}, {"seen": None}, {"seen": {"adverts": "many", "interfaces": None, "refused": 3}}):
        assert "Power the probe" in words(panels.empty(health))
