"""What an answer's format is, by what the request takes."""

import pytest
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from core.negotiation import PlainNegotiation

TAKEN = ("*/*", "application/json", "application/*;q=0.8", "text/html,*/*;q=0.1", None)


class Text(BaseRenderer):
    media_type = "text/plain"
    format = "txt"


@pytest.mark.parametrize("accept", TAKEN)
@pytest.mark.parametrize("renderers", [[JSONRenderer()], [Text(), JSONRenderer()]])
def test_it_chooses_what_the_library_chooses(accept, renderers):
    headers = {} if accept is None else {"accept": accept}
    request = Request(APIRequestFactory().get("/", headers=headers))
    ours, librarys = PlainNegotiation(), DefaultContentNegotiation()
    assert ours.select_renderer(request, renderers) == librarys.select_renderer(request, renderers)


def test_what_cannot_be_given_is_refused():
    request = Request(APIRequestFactory().get("/", headers={"accept": "image/png"}))
    with pytest.raises(NotAcceptable):
        PlainNegotiation().select_renderer(request, [JSONRenderer()])
