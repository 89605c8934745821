"""The question about the firewall: asked once, explained, never in the way of the start."""

from pathlib import Path

import pytest

from temphub_kernel.core.errors import TempHubError
from temphub_kernel.firewall import ask, windows
from temphub_kernel.firewall.windows import PRIVATE, PUBLIC, Policy, parse, programs

CLOSED = Policy((), {PRIVATE: True, PUBLIC: True})


@pytest.fixture
def said() -> list[str]:
    """What the person reads."""
    return []


def test_it_is_asked_once_for_a_data_folder(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second start does not ask again, whatever the answer was."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "neu"))
    asked: list[str] = []

    def answer(prompt: str, _wait_s: float) -> str:
        asked.append(prompt)
        return ""

    ask.ask_once(said.append, CLOSED, answer)
    ask.ask_once(said.append, CLOSED, answer)
    assert len(asked) == 1
    assert (
        "administrator" in " ".join(said)
        and "TCP port 8088" in " ".join(said)
        and "temphub firewall" in said[-1]
    )


def test_where_probes_get_in_nothing_is_asked(said: list[str]) -> None:
    """An open firewall needs no question."""
    rules = [f"v2.31|Action=Allow|Active=TRUE|Dir=In|App={name}|Name=Python|" for name in programs()]
    opened = Policy(tuple(rule for line in rules if (rule := parse("1", line))), {PRIVATE: True})
    assert ask.offer(8088, said.append, lambda *_: pytest.fail("asked"), found=opened, profiles=[PRIVATE])


def test_a_refusal_of_windows_ends_in_words(monkeypatch: pytest.MonkeyPatch, said: list[str]) -> None:
    """When the consent is not given, the person reads what an administrator can type; the program goes on."""
    monkeypatch.setattr(windows, "ask_powershell", lambda *_, **__: None)
    with pytest.raises(TempHubError) as caught:
        ask.offer(8088, said.append, lambda *_: "y", found=CLOSED, profiles=[PRIVATE])
    assert (
        "netsh advfirewall firewall add rule" in caught.value.remedy
        and "localport=8088" in caught.value.remedy
    )


def test_a_yes_adds_the_rules_and_removes_the_blocking_one(
    monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    """A yes leads to one consent, for exactly what was explained."""
    import base64
    import re

    ran: list[str] = []
    monkeypatch.setattr(windows, "ask_powershell", lambda script, **_: ran.append(script) or "")
    rule = parse(
        "{1}", f"v2.31|Action=Block|Active=TRUE|Dir=In|Protocol=6|App={programs()[0]}|Name=Python 3|"
    )
    assert rule
    assert ask.offer(
        8088, said.append, lambda *_: "Y", found=Policy((rule,), {PRIVATE: True}), profiles=[PRIVATE]
    )
    assert any('The rule "Python 3" forbids it' in line for line in said)
    packed = re.search(r"'-EncodedCommand','([^']+)'", ran[0])
    assert packed and "-Verb RunAs" in ran[0]
    script = base64.b64decode(packed[1]).decode("utf-16-le")
    assert "Remove-NetFirewallRule -Name '{1}'" in script and "-LocalPort 8088" in script


def test_a_wrong_setting_does_not_stop_the_start_here(
    said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The question gives way to a wrong setting, which the hub itself then tells."""
    monkeypatch.setenv("PORT", "many")
    ask.ask_once(said.append, CLOSED, lambda *_: pytest.fail("asked"))
    assert "PORT" in said[0]
