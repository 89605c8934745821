"""The page's scripts as the page server gives them out."""

import gzip
import os
import re

import pytest

from support.script_server import ask_all
from temphub_kernel.server.static import Scripts

SCRIPT = b"function hello() { return 'a page script says hello'; }\n" * 200


@pytest.fixture
def folders(tmp_path):
    """Two folders of scripts, one in front of the other, as JupyterLab's and Voila's extensions are."""
    first, second = tmp_path / "first one", tmp_path / "second"
    for folder in (first, second):
        (folder / "sub").mkdir(parents=True)
    (first / "sub" / "a.js").write_bytes(SCRIPT)
    (second / "sub" / "a.js").write_bytes(b"hidden by the first")
    (second / "b.js").write_bytes(b"tiny")
    (second / "noise.js").write_bytes(os.urandom(5000))
    (tmp_path / "secret.txt").write_text("not for anybody")
    return [str(first), str(second)]


def test_a_script_is_packed_and_kept_for_good(folders):
    """A browser gets a script packed and may keep it for a year without asking; one that cannot unpack gets
    it plain."""
    scripts = Scripts({"lab": folders})
    path = f"/s/{scripts.edition}/lab/sub/a.js"
    (status, headers, body), (plain_status, plain, whole) = ask_all(
        scripts, (path, {"Accept-Encoding": "gzip, br"}), (path, {})
    )
    assert (status, plain_status) == (200, 200)
    assert gzip.decompress(body) == SCRIPT == whole and len(body) < len(SCRIPT) / 10
    assert headers["Content-Encoding"] == "gzip" and plain["Content-Encoding"] is None
    assert (
        headers["Cache-Control"] == "public, max-age=31536000, immutable"
        and headers["Vary"] == "Accept-Encoding"
    )
    assert headers["Content-Type"].startswith("text/javascript")
    assert headers["Etag"] != plain["Etag"] and re.fullmatch(r'"[0-9a-f-]+gz"', headers["Etag"])


def test_who_has_it_already_is_told_so(folders):
    """Asked with the tag it knows, a browser gets 304 and no body."""
    scripts = Scripts({"lab": folders})
    path, packed = f"/s/{scripts.edition}/lab/sub/a.js", {"Accept-Encoding": "gzip"}
    tag = ask_all(scripts, (path, packed))[0][1]["Etag"]
    status, _, body = ask_all(scripts, (path, {**packed, "If-None-Match": tag}))[0]
    assert (status, body) == (304, b"")


def test_what_packing_does_not_shrink_is_sent_as_it_is(folders):
    """Small files and noise are not packed for nothing."""
    scripts = Scripts({"lab": folders})
    packed = {"Accept-Encoding": "gzip"}
    for name, size in (("b.js", 4), ("noise.js", 5000)):
        status, headers, body = ask_all(scripts, (f"/s/{scripts.edition}/lab/{name}", packed))[0]
        assert (status, headers["Content-Encoding"], len(body)) == (200, None, size)


def test_an_update_has_other_addresses(folders):
    """When a script changes, so does the edition: no browser mixes old with new; an old address is answered
    but not kept."""
    old = Scripts({"lab": folders}).edition
    with open(f"{folders[1]}/b.js", "wb") as file:
        file.write(b"tiny and new")
    scripts = Scripts({"lab": folders})
    assert scripts.edition != old
    status, headers, body = ask_all(scripts, (f"/s/{old}/lab/b.js", {}))[0]
    assert (status, body, headers["Cache-Control"]) == (200, b"tiny and new", "no-cache")


def test_nothing_outside_the_folders_is_given_out(folders):
    """No address leads out of the folders, and what is missing is a plain 404."""
    scripts = Scripts({"lab": folders})
    names = (
        "../secret.txt",
        "..%2fsecret.txt",
        "sub/../../secret.txt",
        "/etc/passwd",
        "%00",
        "sub",
        "nothing.js",
        "a" * 5000,
    )
    for name in names:
        assert ask_all(scripts, (f"/s/{scripts.edition}/lab/{name}", {}))[0][0] == 404, name


def test_memory_for_packed_scripts_has_an_end(folders):
    """Whatever is asked for, no more than the set room is kept; what was let go is packed again."""
    scripts = Scripts({"lab": folders}, most_bytes=5100)
    asked = [
        (f"/s/{scripts.edition}/lab/{name}", {})
        for name in ("noise.js", "sub/a.js", "b.js", "noise.js", "sub/a.js")
    ]
    assert [status for status, _, _ in ask_all(scripts, *asked)] == [200] * 5
    assert 0 < scripts.kept_bytes <= 5100
