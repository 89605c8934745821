"""Windows: a task of the Task Scheduler, at logon, for this user, without an administrator. Main thread
only."""

import getpass
import os
import subprocess
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

from ..core import TempHubError, run_system
from .plan import DESCRIPTION, NAME, Plan, Standing

NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
SETTINGS = {
    "MultipleInstancesPolicy": "IgnoreNew",
    # A notebook on battery records as well, and a hub that runs for months is no task that hangs.
    "DisallowStartIfOnBatteries": "false",
    "StopIfGoingOnBatteries": "false",
    "StartWhenAvailable": "true",
    "ExecutionTimeLimit": "PT0S",
    # As every program that a person starts. Without it 7, for background work: the hub and all it starts
    # would get processor, disk and memory only when no other program wants them.
    "Priority": "4",
    "Enabled": "true",
}


def install(plan: Plan) -> str:
    """Make or renew the task and start it. Raises TempHubError with what Windows said."""
    was_there = standing().installed
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "temphub.xml"
        path.write_bytes(xml(plan, account()))
        _must("/create", "/tn", NAME, "/xml", str(path), "/f")
    try:
        _must("/run", "/tn", NAME)
    except TempHubError:
        # A renewed one stays: it starts at logon as the one before did.
        if not was_there:
            run_system("schtasks", "/delete", "/tn", NAME, "/f")
        raise
    return "The hub starts by itself when you log on (Task Scheduler, task TempHub), and was started now."


def uninstall() -> str:
    """End and remove the task; the readings stay."""
    run_system("schtasks", "/end", "/tn", NAME)
    _must("/delete", "/tn", NAME, "/f")
    return "The hub no longer starts by itself. Your readings stay where they are."


def standing() -> Standing:
    """What Task Scheduler knows of it, in a form that is the same in every language."""
    code, text = run_system("schtasks", "/query", "/tn", NAME, "/xml")
    return (
        Standing(code == 0, False, "Task Scheduler, task TempHub")
        if code == 0
        else Standing(False, False, text.strip())
    )


def account() -> str:
    """`DOMAIN\\user` of whoever runs this."""
    domain = os.environ.get("USERDOMAIN", "")
    return f"{domain}\\{getpass.getuser()}" if domain else getpass.getuser()


def xml(plan: Plan, user: str) -> bytes:
    """The task as Task Scheduler reads it: UTF-16 with its mark."""
    ET.register_namespace("", NAMESPACE)
    task = ET.Element(_tag("Task"), version="1.2")
    about = ET.SubElement(task, _tag("RegistrationInfo"))
    _text(about, "Description", DESCRIPTION)
    trigger = ET.SubElement(ET.SubElement(task, _tag("Triggers")), _tag("LogonTrigger"))
    _text(trigger, "Enabled", "true")
    # Without a name it would be for everybody who logs on, which needs an administrator.
    _text(trigger, "UserId", user)
    principal = ET.SubElement(ET.SubElement(task, _tag("Principals")), _tag("Principal"), id="Author")
    _text(principal, "UserId", user)
    _text(principal, "LogonType", "InteractiveToken")
    _text(principal, "RunLevel", "LeastPrivilege")
    _settings(ET.SubElement(task, _tag("Settings")))
    action = ET.SubElement(ET.SubElement(task, _tag("Actions"), Context="Author"), _tag("Exec"))
    _text(action, "Command", plan.command[0])
    _text(action, "Arguments", subprocess.list2cmdline(plan.command[1:]))
    _text(action, "WorkingDirectory", str(plan.folder))
    return bytes(ET.tostring(task, encoding="UTF-16", xml_declaration=True))


def _settings(settings: ET.Element) -> None:
    for name, value in SETTINGS.items():
        _text(settings, name, value)
    again = ET.SubElement(settings, _tag("RestartOnFailure"))
    _text(again, "Interval", "PT1M")
    _text(again, "Count", "10")


def _must(*words: str) -> None:
    code, text = run_system("schtasks", *words)
    if code:
        raise TempHubError(
            f"Windows Task Scheduler refused ({' '.join(text.split())[:200]}), so the hub does not start by "
            "it.",
            "Put a shortcut to Start.bat into the folder that Win+R, shell:startup opens; or run this as an "
            "administrator.",
            code="service",
        )


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _text(parent: ET.Element, name: str, value: str) -> None:
    ET.SubElement(parent, _tag(name)).text = value
