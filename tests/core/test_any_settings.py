"""Whatever stands in the environment: settings that can be used, or an error that names the variable and what
to do."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.settings import ALLOWED, SECRET, Settings

# No environment holds a NUL or half a character.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
LIKELY = st.one_of(
    st.integers(-(10**12), 10**12).map(str),
    st.ip_addresses().map(str),
    st.from_regex(r"\A(http|https|mqtt|mqtts)://[ -~]{0,40}\Z"),
    st.from_regex(r"\A[A-Za-z0-9._/\\: -]{0,40}\.csv\Z"),
    st.sampled_from(
        [
            "on",
            "OFF",
            "auto",
            "Approve",
            "debug",
            "0",
            "١٢",
            "1_000",
            "1e3",
            "::",
            "~nobody-here/x.csv",
            "%PATH%",
            '"quoted"',
        ]
    ),
)


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    environ=st.dictionaries(st.sampled_from(sorted(ALLOWED)), st.one_of(TEXT, LIKELY), min_size=1, max_size=4)
)
def test_any_environment(tmp_path: Path, environ: dict[str, str]) -> None:
    """Nothing but TempHubError comes of it; it names a variable that was set, says what is allowed, and never
    shows a secret."""
    try:
        found = Settings.from_environ({"DATA_DIR": str(tmp_path), **environ}, tmp_path)
    except TempHubError as error:
        named = next(
            name for name in sorted(ALLOWED, key=len, reverse=True) if f"setting {name} " in error.problem
        )
        assert named in environ or named in ("TLS_CERT", "TLS_KEY", "SITE")
        assert named in error.remedy and ALLOWED[named] in error.remedy
        shown = environ.get(named, "").strip()
        assert named not in SECRET or len(shown) < 4 or shown in ALLOWED[named] or shown not in error.problem
        return
    assert (
        1 <= found.port <= 65535 and found.data_dir.is_absolute() and found.csv_file.suffix.lower() == ".csv"
    )
    assert 500 <= found.default_interval_ms <= 3_600_000 and not found.public_base.endswith("/")
    assert not found.ui_password or len(found.ui_password) >= 8
    assert not [name for name in SECRET if f"{name.lower()}=" in repr(found)]


@pytest.mark.parametrize("name", sorted(ALLOWED))
def test_blank_is_not_set(tmp_path: Path, name: str) -> None:
    """`set NAME=` in Start.bat, or spaces, is the default."""
    assert Settings.from_environ({name: "  "}, tmp_path) == Settings.from_environ({}, tmp_path)
