"""What the page server answers: what its page asks for, and nothing else of what Voilà and Jupyter bring
along."""

import asyncio

import pytest
from tornado.routing import RuleRouter
from voila.app import Voila

from temphub_kernel.server.page_app import CONNECTIONS, PageServer

# What Voilà brings, by the version that was looked through. One that is new has to be looked at before it
# stands here.
KNOWN = {
    "KernelHandler": "ours only says whether there is a visit",
    "VoilaKernelWebsocketHandler": "ours checks what a page sends",
    "TornadoVoilaHandler": "ours is the page at /",
    "VoilaShutdownKernelHandler": "ours ends a visit when its connection ends as well",
    "MultiStaticFileHandler": "scripts have an address of their own",
    "FileFindHandler": "scripts have an address of their own",
    "TemplateStaticFileHandler": "the template is whole in itself",
    "ThemesHandler": "there is one look",
    "AllowListFileHandler": "no file is given out",
    "LoginHandler": "the front door has the login",
    "VoilaLoginHandler": "the front door has the login",
    "LogoutHandler": "the front door has the login",
    "RequestInfoSocketHandler": "the notebook asks for nothing",
}
SERVED = {
    r"/v/scripts/([0-9a-f]+)/(static|lab|page)/(.+)$": "ScriptHandler",
    r"/v/alive$": "AliveHandler",
    r"/v/voila/api/shutdown/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$": "GoodbyeHandler",
    r"/v/api/kernels/(?P<kernel_id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$": "VisitHandler",
    r"/v/api/kernels/(?P<kernel_id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/channels$": "PageSocket",
    r"/$": "PageHandler",
}


@pytest.fixture(scope="module")
def lists(tmp_path_factory):
    """(the rules that a running page server has, the names of what Voilà alone would serve)"""
    found, folder = {}, tmp_path_factory.mktemp("run")
    (folder / CONNECTIONS).mkdir()

    async def start():
        server = PageServer(folder)
        server.initialize(argv=[])
        server.start()
        found["served"] = dict(rules(server.app.default_router)) | dict(rules(server.app.wildcard_router))
        found["brought"] = {entry[1].__name__ for entry in Voila.init_handlers(server)}
        await server.close()

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(start())
    return found


def rules(router):
    """(pattern, name of the handler) of each rule, in routers within routers as well."""
    for rule in router.rules:
        if isinstance(rule.target, RuleRouter):
            yield from rules(rule.target)
        else:
            yield rule.matcher.regex.pattern, rule.target.__name__


def test_only_what_the_page_asks_for_is_served(lists):
    """The routing table of the running server, rule by rule."""
    assert lists["served"] == SERVED


def test_each_handler_that_voila_brings_was_looked_at(lists):
    """A new version's new handler fails here by its name; it is not served, unless somebody finds that the
    page needs it."""
    assert len(lists["brought"]) > 8
    assert not lists["brought"] - KNOWN.keys(), "look at these, and write down why the page needs them or not"
