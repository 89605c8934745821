"""`temphub service`: the hub starts by itself when its user logs on. Task Scheduler, systemd or launchd; no administrator."""

from .command import service

__all__ = ["service"]
