"""What goes wrong in a template is said without Python's words for it."""

import pytest

from dunning_core.errors import RenderError, TemplateError
from dunning_core.sandbox import Sandbox

DATA = {"name": "Łódź", "count": 2, "firm": {"city": "Győr"}}


def pair(value, other):
    return f"{value} {other}"


def failure(source):
    with pytest.raises((RenderError, TemplateError)) as caught:
        Sandbox({"pair": pair}, html=False, trim=False).compiled(source, "t.j2", DATA).whole(dict(DATA))
    assert caught.value.where == "t.j2:1"
    return caught.value.what


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("{{ count.value }}", "a field is looked up in something that has no fields"),
        ("{{ name.first }}", "a field is looked up in something that has no fields"),
        ("{{ firm.town }}", "there is no 'town' here"),
        ("{{ name | pair }}", "a filter lacks 'other' in its brackets"),
        ("{{ name | pair(1, 2) }}", "a filter has a value too many in its brackets"),
        ("{{ name | pair(1, with=2) }}", "a filter has a value too many in its brackets"),
        ("{% if name > count %}{% endif %}", "values of different kinds are compared"),
        ("{{ count + name }}", "values of different kinds are added or subtracted"),
        ("{{ name + count }}", "values of different kinds are added or subtracted"),
        ("{{ name() }}", "'( )' is not allowed in a template"),
        ("{{ count * 2 }}", "'*' is not allowed in a template"),
        ("{{ count / 2 }}", "'/' is not allowed in a template"),
        ("{{ count % 2 }}", "'%' is not allowed in a template"),
        ("{% set x = 1 %}", "'set' is not allowed in a template"),
        ("{% include 'x' %}", "'include' is not allowed in a template"),
        ("{% from 'x' import y %}", "'import' is not allowed in a template"),
    ],
)
def test_in_the_words_of_the_one_who_writes_it(source, what):
    assert failure(source) == what
