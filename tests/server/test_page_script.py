"""The page's one script, made of the libraries that are installed."""

import jinja2
import pytest
from jupyter_core.paths import jupyter_path

from support.script_server import ask_all
from temphub_kernel.server.page_app import TEMPLATE
from temphub_kernel.server.static import LIBRARIES, PageScript, Scripts

ADDRESS = "/s/0/page/page.js"


@pytest.fixture
def folder(tmp_path):
    """A folder of libraries in the known form."""
    for name, (_, word) in LIBRARIES.items():
        path = tmp_path / name
        path.parent.mkdir()
        path.write_text(
            f'/*! a licence */\ndefine(["@jupyter-widgets/base"], () => ({{ {word}: 1 }}));\n//# '
            "sourceMappingURL=index.js.map"
        )
    return tmp_path


def test_the_libraries_that_are_installed_are_known():
    """What this Python has makes one script, of all three; nothing in it asks a browser's tools for a map."""
    text = PageScript(jupyter_path("nbextensions")).text()
    assert all(word in text for _, word in LIBRARIES.values()) and "\n//# sourceMappingURL" not in text
    assert text.index("const thModules") < text.index("'bqplot'") < text.index("window.thCells")


@pytest.mark.parametrize("name", LIBRARIES)
@pytest.mark.parametrize(
    "text", [None, "import base from '@jupyter-widgets/base'; // FigureModel", "define([], () => ({}));"]
)
def test_without_a_library_in_the_known_form_there_is_no_script(folder, name, text):
    """A library that is missing, or looks different, leaves the page to Voila's own script; only bqscales may
    be missing, which bqplot had in itself before."""
    (folder / name).unlink()
    if text is not None:
        (folder / name).write_text(text)
    scripts = Scripts({}, PageScript([str(folder)]))
    missing = text is None and name == "bqscales/index.js"
    assert bool(scripts.page_url("/v/")) is missing
    assert ask_all(scripts, (ADDRESS, {}))[0][0] == (200 if missing else 404)


def test_the_first_folder_wins_and_an_update_has_another_address(folder, tmp_path):
    """As Jupyter looks for them; and a browser keeps the script for as long as no library changes."""
    before = Scripts({}, PageScript([str(tmp_path / "none"), str(folder)]))
    path = folder / "bqplot" / "index.js"
    path.write_text(path.read_text() + "\n// newer")
    after = Scripts({}, PageScript([str(folder)]))
    assert before.edition != after.edition and after.edition in after.page_url("/v/")
    status, headers, body = ask_all(after, (after.page_url("/").replace("/scripts/", "/s/"), {}))[0]
    assert status == 200 and b"// newer" in body
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable" and headers[
        "Content-Type"
    ].startswith("text/javascript")


@pytest.mark.parametrize("ours", ["/v/scripts/0/page/page.js", ""])
def test_the_page_names_one_of_the_two_scripts(ours):
    """Ours where it can be made, else Voila's, and what its extensions begin with."""

    class Nothing(dict):
        def __missing__(self, name):
            return name

    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATE), autoescape=False)
    environment.filters |= dict.fromkeys(("ansi2html", "markdown2html", "trusted", "tojson"), str)
    environment.globals |= {
        "kernel_start": lambda nb: "visit",
        "cell_generator": lambda nb, kernel: [],
        "main_js": "voila.js",
    }
    extension = {"name": "bqplot", "load": "static/remoteEntry.js"}
    config = {
        "words": Nothing(),
        "pageScript": ours,
        "fullStaticUrl": "/static",
        "fullLabextensionsUrl": "/lab",
    }
    text = environment.get_template("index.html.j2").render(
        page_config=config | {"federated_extensions": [extension]}, resources={"base_url": "/v/"}, nb={}
    )
    assert (f'<script async src="{ours}"></script>' in text) is bool(ours)
    assert ('<script src="/static/voila.js"></script>' in text) is not ours
    assert ("/lab/bqplot/static/remoteEntry.js" in text.partition("</head>")[0]) is not ours
