"""``{{ expression }}`` in prompts: one pass, from a notebook's namespace or the columns of a row, in a sandbox."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from types import ModuleType
from typing import Any, NoReturn

from jinja2 import StrictUndefined, Undefined, nodes
from jinja2.exceptions import SecurityError, TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

from .types import UsageError, did_you_mean

# Builtins that people use in an expression; none reaches files, code or attributes.
BUILTINS = (
    "abs all any bool dict enumerate float int len list max min range reversed round set sorted str sum tuple zip"
)

# Jinja's other marks are plain text in a prompt; no prompt holds these.
_NEVER = "\x00\ufdd0{}"


class _Undefined(StrictUndefined):
    """Raises inside a list too, where Jinja would write the word ``Undefined``."""

    __slots__ = ()
    __repr__ = StrictUndefined.__str__


class _Environment(ImmutableSandboxedEnvironment):
    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, ModuleType) or isinstance(value, ModuleType):
            return False
        return super().is_safe_attribute(obj, attr, value)

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self._no_module(obj, attribute, super().getattr(obj, attribute))

    def getitem(self, obj: Any, argument: Any) -> Any:
        return self._no_module(obj, argument, super().getitem(obj, argument))

    def unsafe_undefined(self, obj: Any, attribute: str) -> NoReturn:
        # At once: an undefined value could still be put into a list, sorted, or given a default.
        raise SecurityError(f"access to {attribute!r} of a {type(obj).__name__}")

    def _no_module(self, obj: Any, name: Any, value: Any) -> Any:
        # Either access falls back to the other, which is_safe_attribute() does not see.
        return self.unsafe_undefined(obj, str(name)) if isinstance(value, ModuleType) else value


@lru_cache(maxsize=1)
def _environment() -> _Environment:
    environment = _Environment(
        block_start_string=_NEVER.format("b"),
        block_end_string=_NEVER.format("e"),
        comment_start_string=_NEVER.format("c"),
        comment_end_string=_NEVER.format("d"),
        undefined=_Undefined,
        finalize=_as_text,
        keep_trailing_newline=True,
        autoescape=False,
        cache_size=64,
    )
    environment.globals = {name: getattr(builtins, name) for name in BUILTINS.split()}
    return environment


class Template:
    """A prompt with ``{{ expression }}`` in it, parsed once and filled in any number of times.

    Args:
        text: the prompt. Without ``{{`` it stays as it is.

    Raises:
        UsageError: a broken expression.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._compiled: Any = None
        if "{{" not in text:
            return
        with _mistakes():
            environment = _environment()
            self._tree = environment.parse(text)
            self._names = frozenset(node.name for node in self._tree.find_all(nodes.Name))
            self._needed = tuple(sorted(find_undeclared_variables(self._tree)))
            self._guarded = frozenset(_names_with_default(self._tree))
            self._compiled = environment.from_string(self._tree)

    @property
    def literals(self) -> tuple[str, ...]:
        """The text before, between and after the expressions."""
        if self._compiled is None:
            return (self.text,)
        parts = [""]
        for output in self._tree.find_all(nodes.Output):
            for node in output.nodes:
                if isinstance(node, nodes.TemplateData):
                    parts[-1] += node.data
                else:
                    parts.append("")
        return tuple(parts)

    def check(self, namespace: Mapping[str, Any]) -> None:
        """Raise UsageError when the prompt uses a name that ``namespace`` does not have, or a module."""
        if self._compiled is None:
            return
        if "self" in self._names:
            raise UsageError("the prompt uses 'self', which has another meaning here: assign it to another name first")
        builtin = _environment().globals
        for name in self._needed:
            if name not in namespace and name not in builtin and name not in self._guarded:
                candidates = [n for n in namespace if isinstance(n, str) and not n.startswith("_")]
                hint = did_you_mean(name, candidates) if candidates else ""
                raise UsageError(f"the prompt uses '{name}', which is not defined{hint if 'mean' in hint else ''}")
            if isinstance(namespace.get(name), ModuleType):
                raise UsageError(f"the prompt uses the module '{name}': assign the value you mean to a variable first")

    def names(self) -> frozenset[str]:
        """The names that the expressions use."""
        return frozenset() if self._compiled is None else self._names

    def fill(self, namespace: Mapping[str, Any]) -> str:
        """The prompt with each expression replaced by its value; see ``interpolate``."""
        if self._compiled is None:
            return self.text
        with _mistakes():
            self.check(namespace)
            # Only the names that are used: a notebook's namespace may be large, and may hold odd keys.
            rendered = self._compiled.render({name: namespace[name] for name in self._names if name in namespace})
        return str(rendered)


def interpolate(text: str, namespace: Mapping[str, Any]) -> str:
    """Replace each ``{{ expression }}`` in ``text`` by its value.

    What a value contains is not looked at again: braces in data stay as they are. DataFrames and Series
    are written as CSV and arrays in NumPy's notation, whole; everything else as ``str()``.

    Raises:
        UsageError: an undefined name (with the closest ones), a broken expression, a module, or an
            expression that raises.
    """
    return Template(text).fill(namespace)


@contextmanager
def _mistakes() -> Iterator[None]:
    """What goes wrong in the block as a UsageError."""
    try:
        yield
    except TemplateSyntaxError as error:
        raise UsageError(
            f"line {error.lineno} of the prompt: {error.message} (to write two braces as text: {{{{ '{{{{' }}}})"
        ) from None
    except SecurityError as error:
        raise UsageError(f"not allowed in a prompt: {error}") from None
    except (UndefinedError, TemplateError) as error:
        raise UsageError(f"in the prompt: {error}") from None
    except UsageError:
        raise
    except Exception as error:
        raise UsageError(f"an expression in the prompt raised {type(error).__name__}: {error}") from None


def _names_with_default(tree: nodes.Template) -> list[str]:
    """Names in ``{{ name | default(…) }}`` and ``name is defined`` may be undefined."""
    filters = [f.node for f in tree.find_all(nodes.Filter) if f.name in ("default", "d")]
    tests = [t.node for t in tree.find_all(nodes.Test) if t.name in ("defined", "undefined")]
    return [node.name for node in (*filters, *tests) if isinstance(node, nodes.Name)]


def _as_text(value: Any) -> Any:
    if isinstance(value, Undefined):
        return value
    if isinstance(value, ModuleType):
        raise SecurityError(f"the module {value.__name__!r}")
    to_csv = getattr(value, "to_csv", None)
    if to_csv is not None and type(value).__module__.partition(".")[0] == "pandas":
        # str() would cut a long table, without a word, and pad what is left with blanks.
        index = type(value.index).__name__ != "RangeIndex" or value.index.name is not None
        return to_csv(index=index, header=index or value.ndim == 2)
    return _whole(value)


def _whole(value: Any) -> Any:
    """``value``, or its text where ``str()`` would leave a part of it out (arrays, tables in lists …)."""
    numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
    if isinstance(value, (str, int, float, type(None))) or numpy is None:
        return value
    with numpy.printoptions(threshold=sys.maxsize):
        if pandas is None:
            return str(value)
        if isinstance(value, (pandas.Index, pandas.api.extensions.ExtensionArray)):
            return str(value.tolist())
        every = {"max_rows": None, "max_columns": None, "max_colwidth": None, "max_seq_items": None, "width": None}
        options = [item for name, number in every.items() for item in (f"display.{name}", number)]
        with pandas.option_context(*options):
            return str(value)
