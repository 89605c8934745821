"""What every room shares. Imports nothing of ours; safe from any thread.

Cheap to import: a module is loaded when one of its names is first asked for. What few rooms need has no name
here and is asked of its own module (`finding`, `http`, `startup`, `run_folder`, `firmware_build`).
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any


def door(package: str, names: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of a package that brings each name in when it is first asked for: nobody loads what
    he does not use.

    names: module within the package -> the names that others have from it, with spaces between. Type checkers
    see the same by `from .module import *`, which never runs.
    """
    home = {name: module for module, given in names.items() for name in given.split()}

    def bring(name: str) -> Any:
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{home[name]}"), name)

    return bring


# Module -> the names that other rooms have from it.
NAMES = {
    "clock": (
        "DAY_MS EPOCH EVER_MS HOUR_MS LOCAL MILLISECOND MINUTE_MS find_zone iso_utc known_zone length_ms "
        "length_parts length_text local_text local_zone monotonic_s now_ms offset_ms parse_time "
        "period_for_name stamp_for_name"
    ),
    "errors": (
        "BadGateway BadRequest Busy Conflict DiskFull Forbidden HubFault JournalUnreadable "
        "JournalUnwritable NotAllowed NotFound Relayed TempHubError TooLarge TooOften Unavailable "
        "describe"
    ),
    "files": (
        "DEMO_FOLDER JOURNAL_FILE KEY_FILE NO_ROOM PACKAGE RESTORED_FILE SETTINGS_FILE make_key read_key "
        "read_settings "
        "sync_folder write_private write_settings"
    ),
    "logs": "LOG_FILE Budget Once",
    "names": (
        "LookAlikes called counted_as list_of_names look_alikes named natural one_line printable shown_name "
        "titles transient"
    ),
    "network": (
        "DOOR_HEADER INSTANCE IPV6_ONLY_REMEDY PagePlace ipv6_only_as_noted ipv6_only_problem is_here "
        "leads_here real_address"
    ),
    "processes": (
        "LEAN Grown Process first_to_go free_memory limit_memory memory_mb release_memory started_by "
        "take_short_turns"
    ),
    "programs": (
        "MACOS WINDOWS ask_powershell ask_system behind collected command_problem end_with_input go_first "
        "held_input run_system "
        "run_to_end "
        "start_behind start_beside"
    ),
    "reading": (
        "ADHOC AHEAD_MS BOOT CLONE_GHOST DEMO_ID FAULT_WORDS GHOSTS HIGHEST_C JUNCTION_PER_C "
        "LOWEST_C MAX_AGE_MS MAX_BATCH MAX_INTERVAL_MS MAX_SEQ MIN_INTERVAL_MS NEAR_UNITS "
        "POWER_ON QUALITIES RANGE STRUCK_OUT UNDATED UNITS_PER_C UNKNOWN_DELAY_MS Row Sighting "
        "board_of fresh_ms in_range is_of_a_demo is_present is_probe_id number_text to_celsius "
        "to_units"
    ),
    "settings": "ALLOWED PATHS Settings",
    "spreadsheet": (
        "BOM COUNTRIES CSV_COLUMNS SEPARATORS STANDARD Style csv_cell harmless number_cell number_of "
        "separator_in separator_of text_cell"
    ),
    "worker": "Worker WorkerState",
}

if TYPE_CHECKING:
    from .clock import *
    from .errors import *
    from .files import *
    from .logs import *
    from .names import *
    from .network import *
    from .processes import *
    from .programs import *
    from .reading import *
    from .settings import *
    from .spreadsheet import *
    from .worker import *
else:
    __getattr__ = door(__name__, NAMES)
