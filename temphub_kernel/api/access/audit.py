"""What people and programs changed, a line each, in a file that stays small. Any thread."""

import json
import logging
import threading
from pathlib import Path
from typing import Any

from ...core import Once, iso_utc, now_ms

log = logging.getLogger(__name__)
AUDIT_FILE = "temphub_changes.log"
MOST_BYTES = 512 * 1024
LONGEST = 600
SECRET = ("token", "password")


class Audit:
    """Appends to `temphub_changes.log`; above half a megabyte it becomes `temphub_changes.log.1`, the older
    one goes."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / AUDIT_FILE
        self._lock = threading.Lock()
        self._once = Once(log)

    def note(
        self, what: str, address: str, by: str, details: dict[str, Any] | None = None, *, through: str = ""
    ) -> None:
        """Keep one change: what (the path), from which address, what was shown (login, token, key, anyone),
        and what was sent.

        through: `page` for what was done on the page, whose visitor's address it is then. Never raises.
        """
        said = {name: value for name, value in (details or {}).items() if name not in SECRET}
        text = json.dumps(said, ensure_ascii=True, default=str)
        details_text = text if len(text) <= LONGEST else text[:LONGEST] + "…"
        line = json.dumps(
            {
                "time": iso_utc(now_ms()),
                "what": what,
                "address": address,
                "by": by,
                **({"through": through} if through else {}),
                "sent": details_text,
            }
        )
        with self._lock:
            try:
                if self._path.exists() and self._path.stat().st_size > MOST_BYTES:
                    self._path.replace(self._path.with_name(AUDIT_FILE + ".1"))
            except OSError as error:
                # On Windows somebody may be looking at it: it grows a little longer then.
                self._once.warn("turn", f"{self._path} could not be put aside ({error})")
            try:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(line + "\n")
            except OSError as error:
                self._once.warn("write", f"a change could not be noted in {self._path} ({error})")
