"""A page's goodbye, so that its visit ends with it and not when it is missed. Event loop thread only."""

from tornado.web import RequestHandler

from .viewers import ViewerKernels


class GoodbyeHandler(RequestHandler):
    """`POST …/voila/api/shutdown/ID`, which Voilà's page sends as it is left.

    A browser sends it without any header of ours, so it cannot carry Jupyter's own mark against foreign pages. It needs none:
    the front door has looked at its origin and login, it names a visit that only its page knows, and it ends that visit
    only when the page's connection ends as well.
    """

    def initialize(self, viewers: ViewerKernels) -> None:
        """Called by Tornado for each request."""
        self.viewers = viewers

    def check_xsrf_cookie(self) -> None:
        """See above."""

    def post(self, visit: str) -> None:
        self.viewers.goodbye(visit)
        self.set_status(204)
