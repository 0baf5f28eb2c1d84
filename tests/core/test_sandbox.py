"""Templates can do no harm: escapes and bombs are refused, and data stays data."""

import time
from decimal import Decimal

import pytest

from dunning_core.errors import RenderError, TemplateError
from dunning_core.render import Templates
from dunning_core.sandbox import DEEPEST, LONGEST_SOURCE, Sandbox

DATA = {
    "name": "Ștefan & Fiii <b>",
    "items": ({"n": "a", "sub": ({"n": "x"}, {"n": "y"})}, {"n": "b", "sub": ()}),
    "amount": Decimal("12.50"),
    "table": {"one": 1, "items": "a key, no method"},
    "none": None,
}


def test_what_is_known_when_compiling_is_looked_up_and_escaped_once() -> None:
    known = {"table": {"one": "<1>", "deep": {"two": "2"}, "odd": 3}}
    source = "{{ table.one }}{{ table.deep.two }}{{ table.one | upper }}"
    template = Sandbox({}, html=True, trim=False).compiled(source, "t.j2", DATA, known)
    assert template.whole({}) == "&lt;1&gt;2&lt;1&gt;", "no data was needed"
    for missing in ("table.none", "table.one.more", "table.deep", "table.odd"):
        template = Sandbox({}, html=True, trim=False).compiled(f"{{{{ {missing} }}}}", "t.j2", DATA, known)
        with pytest.raises(RenderError):
            template.whole({"table": {"deep": {}}})


def rendered(source: str, *, html: bool = False, trim: bool = False) -> str:
    return Sandbox({}, html=html, trim=trim).compiled(source, "t.j2", DATA).whole(dict(DATA))


ESCAPES = [
    "{{ ''.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ name.__class__ }}",
    "{{ name['__class__'] }}",
    "{{ name['__cl' ~ 'ass__'] }}",
    "{{ name|attr('__class__') }}",
    "{{ name|attr('upper') }}",
    "{{ name.upper() }}",
    "{{ name.format }}",
    "{{ '{0.__class__}'.format(name) }}",
    "{{ '%s' % name }}",
    "{{ '%(a)s'|format(a=name) }}",
    "{{ name|format }}",
    "{{ name.encode }}",
    "{{ table.keys() }}",
    "{{ table.get('one') }}",
    "{{ table.update({'a': 1}) }}",
    "{{ table.__init__.__globals__ }}",
    "{{ items.count }}",
    "{{ items.append(1) }}",
    "{{ self }}",
    "{{ self.__dict__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ super() }}",
    "{{ caller() }}",
    "{{ varargs }}",
    "{{ kwargs }}",
    "{{ request }}",
    "{{ config }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ joiner.__init__.__globals__ }}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ lipsum() }}",
    "{{ dict(a=1) }}",
    "{{ range(10) }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ url_for.__globals__ }}",
    "{{ environment }}",
    "{{ context }}",
    "{{ _formats }}",
    "{{ resolve }}",
    "{{ undefined }}",
    "{{ undefined.__class__ }}",
    "{{ missing_name }}",
    "{{ loop }}",
    "{{ loop.index }}",
    "{% for i in items %}{{ loop }}{% endfor %}",
    "{% for i in items %}{{ loop.__class__ }}{% endfor %}",
    "{% for i in items %}{{ loop.cycle('a', 'b') }}{% endfor %}",
    "{% for i in items %}{{ loop.changed(i) }}{% endfor %}",
    "{% for i in items recursive %}{{ loop(items) }}{% endfor %}",
    "{% for i in items %}{{ loop['_iterator'] }}{% endfor %}",
    "{% include 'letter.txt.j2' %}",
    "{% include '/etc/passwd' %}",
    "{% import 'x' as x %}",
    "{% from 'x' import y %}",
    "{% extends 'letter.html.j2' %}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{% call name() %}{% endcall %}",
    "{% filter upper %}x{% endfilter %}",
    "{% set x = name %}",
    "{% set x %}{{ name }}{% endset %}",
    "{% set table.one = 2 %}",
    "{% with x = name %}{{ x }}{% endwith %}",
    "{% autoescape false %}{{ name }}{% endautoescape %}",
    "{% do table.update(a=1) %}",
    "{% debug %}",
    "{{ name|safe }}",
    "{{ name|e|safe }}",
    "{{ name|pprint }}",
    "{{ table|tojson }}",
    "{{ items|map(attribute='__class__')|list }}",
    "{{ items|selectattr('__class__')|list }}",
    "{{ items|groupby('n') }}",
    "{{ items|sort(attribute='__class__') }}",
    "{{ items|join }}",
    "{{ table|xmlattr }}",
    "{{ name|urlize }}",
    "{{ name|replace('a', 'b') }}",
    "{{ name|upper(*items) }}",
    "{{ name|default(**table) }}",
    "{{ name is sameas none }}",
    "{{ name is callable }}",
    "{{ name is filter }}",
    "{{ name is defined(*items) }}",
    "{{ (name if none else table).one }}",
    "{{ {'a': 1} }}",
    "{{ name[1:2] }}",
    "{{ table }}",
    "{{ items }}",
    "{{ none }}",
    "{{ [name] }}",
    "{{ 1.5 }}",
    "{{ table._one }}",
    "{{ table['_one'] }}",
    "{{ table.two }}",
    "{{ table['two'] }}",
    "{{ items[9] }}",
    "{{ items['n'] }}",
    "{{ items[0].n.upper }}",
    "{{ amount.real }}",
    "{{ amount['real'] }}",
    "{{ table.two.three | default('x') }}",
    "{{ table['two']['three'] | default('x') }}",
    "{% for a, b in items %}{% endfor %}",
    "{% for name in items %}{% endfor %}",
    "{% if x %}{% block inner %}{% endblock %}{% endif %}",
    "{% if name %}{% block inner %}{% endblock %}{% endif %}",
    "{{ name",
    "{% if name %}",
    "{% endif %}",
    "{{ name | nosuchfilter }}",
    "{{ name is nosuchtest }}",
]

BOMBS = [
    "{% for a in range(100000000) %}x{% endfor %}",
    "{{ 'x' * 500000000 }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ 9 ** 999999999 }}",
    "{{ 1 // 0 }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ name|center(1000000000) }}",
    "{{ name|indent(1000000000) }}",
    "{{ name|wordwrap(1) }}",
    "{{ name|join(name|join(name|join(name))) }}",
    "{{ name|replace('', name)|replace('', name) }}",
    "{{ name|batch(1000000000, 'x')|list }}",
    "{% for a in items %}{% for b in items %}{% for c in items %}x{% endfor %}{% endfor %}{% endfor %}",
    "{% for a in items %}{% for b in a.sub %}{% for c in a.sub %}x{% endfor %}{% endfor %}{% endfor %}",
    "{% for a in items %}{% for b in name %}x{% endfor %}{% endfor %}",
    "{% for a in [1, 2, 3] %}x{% endfor %}",
    "{% for a in 'abc' %}x{% endfor %}",
    "{% for a in name ~ name %}x{% endfor %}",
    "{% set a = 'xx' %}{% set a = a ~ a %}",
    "{% macro f(n) %}{{ f(n) }}{{ f(n) }}{% endmacro %}",
    "{{ " + "9" * 4000 + " }}",
    "{{ '" + "x" * 2000 + "' }}",
    "x" * (LONGEST_SOURCE + 1),
    "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "{{ " + "not " * 5000 + "1 }}",
    "{{ " + "1 ~ (" * 60 + "1" + ")" * 60 + " }}",
    "{% if name %}" * (DEEPEST + 5) + "{% endif %}" * (DEEPEST + 5),
    "{{ name" + ".a" * 5000 + " }}",
    "{{ name" + "|upper" * 5000 + " }}",
]


def test_the_corpora_are_large_enough() -> None:
    assert len(set(ESCAPES)) >= 60
    assert len(set(BOMBS)) >= 25


@pytest.mark.parametrize("payload", ESCAPES)
@pytest.mark.parametrize("html", [False, True])
def test_an_escape_is_refused_naming_file_and_line(payload: str, *, html: bool) -> None:
    with pytest.raises((TemplateError, RenderError)) as caught:
        rendered("first line\n" + payload, html=html)
    assert caught.value.where == "t.j2:2"
    for leak in ("object at 0x", "<class", "built-in", "Ștefan"):
        assert leak not in str(caught.value)


@pytest.mark.parametrize("payload", BOMBS, ids=lambda payload: payload[:40])
def test_a_bomb_is_refused_when_it_is_loaded(payload: str) -> None:
    started = time.process_time()
    with pytest.raises(TemplateError, match=r"t\.j2:1"):
        Sandbox({}, html=False, trim=False).compiled(payload, "t.j2", DATA)
    assert time.process_time() - started < 2


@pytest.mark.parametrize("payload", [*ESCAPES, "<script>alert(1)</script>", "\"'><img src=x>", "{{7*7}}", "${7*7}"])
@pytest.mark.parametrize("html", [False, True])
def test_data_is_printed_and_never_rendered(payload: str, *, html: bool) -> None:
    template = Sandbox({}, html=html, trim=False).compiled("{{ name }}|{{ name | upper }}", "t.j2", DATA)
    text = template.whole({**DATA, "name": payload})
    if html:
        assert not set("<>\"'") & set(text)
        text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&#x27;", "'")
        text = text.replace("&amp;", "&").replace("&LT;", "<").replace("&GT;", ">")
    assert text == f"{payload}|{payload.upper()}"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ table.items }}", "a key, no method"),
        ("{{ table['one'] + 1 - 3 }}{{ -table.one }}", "-1-1"),
        ("{{ amount }}", "12.50"),
        ("{% if amount > 10 and not none %}much{% else %}little{% endif %}", "much"),
        ("{{ 'yes' if name in ('a', 'b') or table.one == 1 else 'no' }}", "yes"),
        ("{% for i in items %}{{ loop.index }}{{ i.n }}{{ ',' if not loop.last }}{% endfor %}", "1a,2b"),
        ("{% for i in items %}{{ loop.index }}{{ i.n }}{% if not loop.last %},{% endif %}{% endfor %}", "1a,2b"),
        ("{% for i in items %}{% for s in i.sub %}{{ s.n }}{% else %}-{% endfor %}{% endfor %}", "xy-"),
        ("{% for i in items if i.n == 'b' %}{{ i['n'] }}{% endfor %}", "b"),
        ("{{ items[0].n ~ items[-1].n }}", "ab"),
        ("{{ items | length }}{{ name | first }}{{ name | last }}", "2Ș>"),
        ("{{ table.two is defined }} {{ table.two | default('none') }} {{ none is none }}", "False none True"),
        ("{{ name | trim | lower | capitalize }}", "Ștefan & fiii <b>"),
        ("{% raw %}{{ x }}{% endraw %}{# {{ nothing }} #}", "{{ x }}"),
    ],
)
def test_what_a_template_may_do(source: str, text: str) -> None:
    assert rendered(source) == text


def test_html_escapes_what_is_printed_whatever_it_is() -> None:
    assert rendered("<p>{{ name }}{{ '<i>' }}</p>", html=True) == "<p>Ștefan &amp; Fiii &lt;b&gt;&lt;i&gt;</p>"


def test_a_failure_in_a_filter_names_the_line() -> None:
    sandbox = Sandbox({"fail": lambda value: 1 / 0}, html=False, trim=False)
    with pytest.raises(RenderError, match=r"t\.j2:3: division by zero"):
        sandbox.compiled("\n\n{{ name | fail }}", "t.j2", DATA).whole(dict(DATA))


def test_a_failure_without_words_names_its_kind() -> None:
    def fail(value: object) -> str:
        raise ValueError

    with pytest.raises(RenderError, match=r"t\.j2:1: ValueError"):
        Sandbox({"fail": fail}, html=False, trim=False).compiled("{{ name | fail }}", "t.j2", DATA).whole(dict(DATA))


@pytest.mark.parametrize("payload", ESCAPES)
def test_wording_of_a_user_is_held_to_the_same(payload: str) -> None:
    wording = "{% block title %}T{% endblock %}{% block subject %}S{% endblock %}{% block closing %}{% endblock %}\n"
    templates = Templates.stock().overridden(
        {"pl/own.j2": wording + "{% block opening %}" + payload + "{% endblock %}"}
    )
    with pytest.raises(TemplateError, match=r"pl/own\.j2:\d") as caught:
        templates.check(["own"], ["pl"])
    assert "object at 0x" not in str(caught.value)
