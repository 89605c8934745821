"""`temphub service`: the hub starts by itself when its user logs on. Task Scheduler, systemd or launchd; no
administrator."""

from .cli import service

__all__ = ["service"]
