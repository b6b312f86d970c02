"""``%%llm`` and ``%llm``, and their alias ``%%costmagic``."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError as IPythonUsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_cell_magic, magics_class, needs_local_scope, no_var_expand

from .. import session as sessions
from ..types import UsageError as Mistake

if TYPE_CHECKING:
    from .options import Line

ALIAS = "costmagic"
NAME = "llm"


class UsageError(Mistake, IPythonUsageError):
    """A user's mistake, as IPython knows it too: one line, without traceback."""


@magics_class
class CostMagics(Magics):
    """The magics; the work is done elsewhere."""

    shell: InteractiveShell

    @no_var_expand
    @needs_local_scope
    @line_cell_magic
    def costmagic(self, line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None) -> Any:
        """Ask a language model (``%%llm``), or show what it cost (``%llm``). ``%llm help`` tells more."""
        try:
            session = self._session()
            if cell is None:
                from . import commands

                return commands.run(line, session)
            return self._ask(session, line, cell, {**self.shell.user_ns, **(local_ns or {})})
        except Mistake as error:
            raise UsageError(str(error)) from None

    def _ask(self, session: sessions.Session, line: str, cell: str, namespace: Mapping[str, Any]) -> Any:
        from ..templates import interpolate
        from . import live
        from .options import parse, system_prompt

        parsed = parse(line)
        prompt = interpolate(cell.rstrip("\n"), namespace)
        options = {**parsed.ask, "system": system_prompt(parsed.system, namespace)}
        if parsed.compare is not None:
            return self._compare(session, parsed, prompt, options)
        if parsed.dry_run:
            from .dry_run import DryRun

            return DryRun.of(session, prompt, options)
        stream = session.run(session.prepare(prompt, **options))
        reply = live.show(stream, session, self.shell)
        if parsed.out:
            self.shell.user_ns[parsed.out] = reply
        return None

    def _compare(self, session: sessions.Session, parsed: Line, prompt: str, options: dict[str, Any]) -> Any:
        from ..comparison import prepare
        from ..comparison.plan import names_of
        from . import compare_cell

        if parsed.dry_run:
            names = names_of(parsed.compare or "")
            return session.estimate(prompt, names, **options)
        comparison = prepare(prompt, parsed.compare or "", blind=parsed.blind, session=session, **options)
        try:
            compare_cell.show(comparison, session, self.shell)
        finally:
            if parsed.out:
                self.shell.user_ns[parsed.out] = comparison
        return None

    def _session(self) -> sessions.Session:
        session = sessions.default()
        # VS Code tells the notebook's path in a variable of the namespace.
        session.notebook = session.notebook or self.shell.user_ns.get("__vsc_ipynb_file__")
        return session


def register(shell: InteractiveShell) -> None:
    """Register the magics; ``%%llm`` stays with whoever has it already, with a warning."""
    from . import questions

    magics = CostMagics(shell)
    questions.register(shell)
    taken = [
        kind
        for kind in ("line", "cell")
        if (owner := shell.magics_manager.magics[kind].get(NAME)) is not None and not _is_ours(owner)
    ]
    shell.register_magics(magics)
    if taken:
        warnings.warn(
            f"%%{NAME} belongs to another extension here: use %%{ALIAS} and %{ALIAS} instead", UserWarning, stacklevel=3
        )
        return
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind][NAME] = getattr(magics, ALIAS)


def unregister(shell: InteractiveShell) -> None:
    """Take the magics back."""
    from . import questions

    questions.unregister(shell)
    for kind in ("line", "cell"):
        table = shell.magics_manager.magics[kind]
        for name in (NAME, ALIAS):
            if name in table and _is_ours(table[name]):
                del table[name]


def _is_ours(function: Any) -> bool:
    # By name: after a reload of this module, the class is another one.
    owner = type(getattr(function, "__self__", None))
    return (owner.__module__, owner.__qualname__) == (CostMagics.__module__, CostMagics.__qualname__)
