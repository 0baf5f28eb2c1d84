"""Templates that cannot do harm: what is not allowed is refused when they are loaded, not when a letter is due.

A template sees plain data (text, numbers, dates, dicts and tuples of them). `x.name` looks a key up in a dict and
nothing else, so no attribute of any Python object can be reached. Nothing can be called, assigned or included, and
a loop inside a loop must walk a part of what the outer one walks; so work and output are bounded by the size of the
template times the size of the data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from decimal import Decimal
from html import escape
from types import MappingProxyType, TracebackType
from typing import Any, NoReturn

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, Undefined, nodes
from jinja2 import filters as stock_filters
from jinja2 import tests as stock_tests
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from dunning_core.errors import RenderError, TemplateError

LONGEST_SOURCE = 100_000  # characters
LONGEST_LITERAL = 1_000  # characters of a string, bits of a number
DEEPEST = 40

FILTERS = ("upper", "lower", "capitalize", "trim", "length", "default", "first", "last")
TESTS = ("defined", "none")
_SPECIAL = re.compile("[&<>\"']").search
LOOP = frozenset({"index", "first", "last", "length"})

_WRITTEN = {
    "Call": "( )", "Mul": "*", "Pow": "**", "Div": "/", "FloorDiv": "//", "Mod": "%", "Dict": "{ }", "Slice": "[ : ]",
    "Assign": "set", "AssignBlock": "set", "FromImport": "import", "CallBlock": "call", "FilterBlock": "filter",
    "ScopedEvalContextModifier": "autoescape",
}  # fmt: skip
"""How things look in a template that are not called so there."""

_PLAIN_WORDS = (
    (re.compile("subscriptable|indices must be"), "a field is looked up in something that has no fields"),
    (re.compile(r"missing \d+ required positional arguments?: (.+)"), r"a filter lacks \1 in its brackets"),
    (re.compile("positional argument|keyword argument"), "a filter has a value too many in its brackets"),
    (re.compile("not supported between"), "values of different kinds are compared"),
    (re.compile("unsupported operand|can only concatenate"), "values of different kinds are added or subtracted"),
)
"""What Python says when a template asks for the impossible, and what a person who writes templates understands."""

_PLAIN_NODES = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.CondExpr, nodes.Compare, nodes.Operand,
    nodes.And, nodes.Or, nodes.Not, nodes.Neg, nodes.Add, nodes.Sub, nodes.Concat, nodes.Tuple, nodes.List,
    nodes.Keyword,
)  # fmt: skip


_NOTHING: Mapping[str, object] = MappingProxyType({})


class _Pieces(Context):
    """A context that also collects what is printed: a letter has hundreds of pieces, too many to hand over singly."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.pieces: list[str] = []


class _Generator(CodeGenerator):
    """Writes `x.name` as `x["name"]`: no attribute can be reached even in error, and it is four times as fast."""

    def visit_Output(self, node: nodes.Output, frame: Frame) -> None:  # noqa: N802 - the name Jinja calls
        collecting = copy(frame)
        collecting.buffer = "context.pieces"
        super().visit_Output(node, collecting)

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:  # noqa: ARG002 - as Jinja calls
        self.write("(piece if type(piece := ")  # most pieces are text with nothing to escape, and need no call

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:  # noqa: ARG002 - as Jinja calls
        plain = " and not environment.special(piece)" if getattr(self.environment, "special", None) else ""
        self.write(f") is str{plain} else environment.finalize(piece))")

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802 - the name Jinja calls
        if _is_of_loop(node):
            super().visit_Getattr(node, frame)
            return
        self.visit(node.node, frame)
        self.write(f"[{node.attr!r}]")


class _Sandbox(ImmutableSandboxedEnvironment):
    """Looks up keys of dicts and places of tuples. Python attributes do not exist here."""

    code_generator_class = _Generator
    special: Callable[[str], object] | None = None  # whether there is something to escape in a text
    context_class = _Pieces

    def getattr(self, obj: Any, attribute: str) -> Any:
        if type(obj) is dict:
            try:
                return obj[attribute]
            except KeyError:
                return self.undefined(f"there is no {attribute!r} here", name=attribute)
        if type(obj) is LoopContext and attribute in LOOP:
            return getattr(obj, attribute)
        if isinstance(obj, Undefined):
            str(obj)
        return self.undefined(f"{attribute!r} cannot be looked up in a {_kind(obj)}", name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if type(obj) is tuple and type(argument) is int and -len(obj) <= argument < len(obj):
            return obj[argument]
        return self.getattr(obj, argument if type(argument) is str else repr(argument))


def _kind(value: object) -> str:
    name = type(value).__name__
    return {"str": "text", "tuple": "list", "dict": "table"}.get(name, name)


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (int, Decimal, Undefined)):
        return str(value)  # which raises for what is undefined
    message = f"a {_kind(value)} cannot be printed as it is"
    raise TypeError(message)


def _escaped(value: Any) -> str:
    """Everything that a template prints passes here, text or not; nothing can be declared safe."""
    text = value if type(value) is str else _shown(value)
    return escape(text) if _SPECIAL(text) else text


class Sandbox:
    """Compiles templates. `filters` come beside the few allowed of Jinja's own; `html` escapes everything
    from data; `trim` takes a tag on a line of its own away with its line."""

    def __init__(self, filters: Mapping[str, Callable[..., Any]], *, html: bool, trim: bool) -> None:
        self._jinja = _Sandbox(
            finalize=_escaped if html else _shown,
            undefined=StrictUndefined,
            trim_blocks=trim,
            lstrip_blocks=trim,
            keep_trailing_newline=trim,
        )
        self._jinja.special = _SPECIAL if html else None
        self._jinja.globals.clear()
        self._jinja.filters = {name: stock_filters.FILTERS[name] for name in FILTERS} | dict(filters)
        self._jinja.tests = {name: stock_tests.TESTS[name] for name in TESTS}

    def compiled(
        self, source: str, name: str, names: Iterable[str], known: Mapping[str, object] = _NOTHING
    ) -> Compiled:
        """The template ready for use. `names` are the top-level names that it may use; `known` has the text under
        those that never change, which is looked up and escaped here, once.

        Raises TemplateError naming file and line when it is broken or does what is not allowed.
        """
        if len(source) > LONGEST_SOURCE:
            raise TemplateError(f"the template is longer than {LONGEST_SOURCE} characters", where=f"{name}:1")
        try:
            tree = self._jinja.parse(source, name)
            _Guard(name, self._jinja.filters, frozenset(names)).visit(tree)
            tree = _Known(known).visit(tree)
            _ask_for_what_may_be_missing(tree)
            code = self._jinja.compile(tree, name, name)
        except TemplateSyntaxError as error:
            raise TemplateError(error.message or "syntax error", where=f"{name}:{error.lineno}") from error
        except (SyntaxError, RecursionError, MemoryError, ValueError, OverflowError) as error:
            raise TemplateError(f"too involved to compile ({type(error).__name__})", where=f"{name}:1") from error
        return Compiled(name, Template.from_code(self._jinja, code, {}), tuple(_names_of(tree, "extra")))


class Compiled:
    """One compiled template. `extra` are the names that it uses as `extra.<name>`."""

    def __init__(self, name: str, template: Template, extra: tuple[str, ...]) -> None:
        self.name = name
        self.extra = extra
        self.blocks = frozenset(template.blocks)
        self._template = template

    def whole(self, data: dict[str, Any]) -> str:
        """The rendered template. Raises RenderError naming file and line."""
        return self._rendered(self._template.root_render_func, self._template.new_context(data, shared=True))

    def over(self, data: dict[str, Any]) -> Callable[[str], str]:
        """Gives rendered blocks by name, "" for one that the template has not, with `data` as it then is.

        What it gives raises RenderError as `whole`.
        """
        blocks, context = self._template.blocks, self._template.new_context(data, shared=True)
        return lambda name: self._rendered(blocks[name], context) if name in blocks else ""

    def _rendered(self, function: Callable[..., Iterable[str]], context: Any) -> str:
        pieces: list[str] = []
        context.pieces = pieces
        try:
            tuple(function(context))  # runs it; all that it prints goes into the pieces
            return "".join(pieces)
        except Exception as error:  # noqa: BLE001 - whatever a filter or a comparison of odd values may raise
            self._failed(error, error.__traceback__)

    def _failed(self, error: Exception, trace: TracebackType | None) -> NoReturn:
        line = 1
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == self.name:
                line = self._template.get_corresponding_lineno(trace.tb_lineno)
            trace = trace.tb_next
        raise RenderError(_why(error), where=f"{self.name}:{line}") from error


def _why(error: Exception) -> str:
    """Python's words for a person who writes templates."""
    if isinstance(error, KeyError):
        return f"there is no {error} here"
    text = str(error) or type(error).__name__
    found = ((words.search(text), plain) for words, plain in _PLAIN_WORDS)
    return next((match.expand(plain) for match, plain in found if match), text)


class _Guard:
    """Walks a parsed template and refuses what is not on the list."""

    def __init__(self, file: str, filters: Mapping[str, object], names: frozenset[str]) -> None:
        self._file = file
        self._filters = filters
        self._names = names

    def visit(self, node: nodes.Node, bound: tuple[str, ...] = (), depth: int = 0) -> None:
        """`bound` are the loop variables in force, the innermost last."""
        if depth > DEEPEST:
            self._refuse(node, "too deeply nested")
        if bound and _is_of_loop(node):
            return
        check = getattr(self, f"_{type(node).__name__.lower()}", None)
        if check is not None:
            bound = check(node, bound, depth) or bound
        elif not isinstance(node, _PLAIN_NODES):
            name = type(node).__name__
            self._refuse(node, f"{_WRITTEN.get(name, name.lower())!r} is not allowed in a template")
        for child in node.iter_child_nodes():
            if isinstance(node, nodes.For) and child is node.iter:
                continue  # seen by _for, outside the scope of its own variable
            self.visit(child, bound, depth + 1)

    def _refuse(self, node: nodes.Node, what: str, mend: str = "") -> NoReturn:
        inside = (inner.lineno for inner in node.find_all(nodes.Node) if inner.lineno)
        raise TemplateError(what, where=f"{self._file}:{node.lineno or next(inside, 1)}", mend=mend)

    def _block(self, node: nodes.Block, _bound: tuple[str, ...], depth: int) -> None:
        if depth != 1:
            self._refuse(node, f"block {node.name!r} stands inside something else", "blocks stand one after the other")

    def _for(self, node: nodes.For, bound: tuple[str, ...], depth: int) -> tuple[str, ...]:
        root = _root(node.iter)
        if not isinstance(node.target, nodes.Name) or root is None or node.recursive:
            self._refuse(node, "a loop takes one variable through a list in the data")
        if bound and root.name != bound[-1]:
            self._refuse(node, f"a loop inside a loop must go through a part of {bound[-1]!r}")
        if node.target.name in self._names or node.target.name in bound:
            self._refuse(node, f"{node.target.name!r} already means something else")
        self.visit(node.iter, bound, depth + 1)
        return (*bound, node.target.name)

    def _name(self, node: nodes.Name, bound: tuple[str, ...], _depth: int) -> None:
        if node.name == "loop" or (node.name not in bound and node.name not in self._names):
            known = ", ".join(sorted({*self._names, *bound}))
            self._refuse(node, f"unknown name {node.name!r}", f"known here: {known}")

    def _getattr(self, node: nodes.Getattr, _bound: tuple[str, ...], _depth: int) -> None:
        if _root(node) is None:
            self._refuse(node, f"{node.attr!r} can only be looked up in the data")
        if node.attr.startswith("_"):
            self._refuse(node, f"{node.attr!r} is not allowed: names do not begin with an underscore")

    def _getitem(self, node: nodes.Getitem, _bound: tuple[str, ...], _depth: int) -> None:
        if isinstance(node.arg, nodes.Const) and str(node.arg.value).startswith("_"):
            self._refuse(node, f"{node.arg.value!r} is not allowed: names do not begin with an underscore")

    def _filter(self, node: nodes.Filter, _bound: tuple[str, ...], _depth: int) -> None:
        if node.name not in self._filters or node.dyn_args or node.dyn_kwargs:
            self._refuse(node, f"filter {node.name!r} is not allowed", f"allowed: {', '.join(sorted(self._filters))}")

    def _test(self, node: nodes.Test, _bound: tuple[str, ...], _depth: int) -> None:
        if node.name not in TESTS or node.args or node.dyn_args or node.dyn_kwargs:
            self._refuse(node, f"test {node.name!r} is not allowed", f"allowed: {', '.join(TESTS)}")

    def _const(self, node: nodes.Const, _bound: tuple[str, ...], _depth: int) -> None:
        value = node.value
        size = value.bit_length() if isinstance(value, int) else len(value) if isinstance(value, str) else 0
        if size > LONGEST_LITERAL:
            self._refuse(node, "a literal is too large")


def _root(node: nodes.Node) -> nodes.Name | None:
    while isinstance(node, (nodes.Getattr, nodes.Getitem)):
        node = node.node
    return node if isinstance(node, nodes.Name) else None


def _ask_for_what_may_be_missing(tree: nodes.Template) -> None:
    """`x.y is defined` and `x.y | default(z)` become `x["y"] ...`, which gives something undefined, not an error."""
    for node in tree.find_all((nodes.Filter, nodes.Test)):
        asked = node.node
        if isinstance(asked, nodes.Getattr):
            node.node = nodes.Getitem(asked.node, nodes.Const(asked.attr), "load", lineno=asked.lineno)


class _Known(NodeTransformer):
    """Puts text that is known when a template is compiled in the place of `table.name`."""

    def __init__(self, known: Mapping[str, object]) -> None:
        self._known = known

    def visit_Getattr(self, node: nodes.Getattr) -> nodes.Node:  # noqa: N802 - the name Jinja calls
        found = self._found(node)
        return nodes.Const(found, lineno=node.lineno) if isinstance(found, str) else node

    def _found(self, node: nodes.Node) -> object:
        if isinstance(node, nodes.Name):
            return self._known.get(node.name)
        table = self._found(node.node) if isinstance(node, nodes.Getattr) else None
        return table.get(node.attr) if isinstance(table, Mapping) and isinstance(node, nodes.Getattr) else None


def _is_of_loop(node: nodes.Node) -> bool:
    return (
        isinstance(node, nodes.Getattr)
        and node.attr in LOOP
        and isinstance(node.node, nodes.Name)
        and node.node.name == "loop"
    )


def _names_of(tree: nodes.Template, table: str) -> list[str]:
    looked_up = tree.find_all(nodes.Getattr)
    return sorted({node.attr for node in looked_up if isinstance(node.node, nodes.Name) and node.node.name == table})
