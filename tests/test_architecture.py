"""The package's shape, read from its syntax trees: who may import whom, and what loads when."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import costmagic

ROOT = Path(costmagic.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

# Imports point upward in this list, never down and never sideways.
LAYERS = (
    ("money", "tables", "forks", "stop", "current", "tickets"),
    ("types",),
    ("reply", "templates", "rates"),
    ("checks", "totals"),
    ("limits", "steering", "cache_config", "watch_config"),
    ("config",),
    ("models", "config_file"),
    (
        "prices",
        "tokens",
        "weights",
        "embedding",
        "interrupt",
        "providers",
        "routing",
        "caching",
        "reduce",
        "accounting",
    ),
    ("reach", "staleness"),
    ("request",),
    ("call", "estimates"),
    ("json_reply", "downgrade", "fallback", "second_opinion", "explanation", "checkpoints", "prefixes", "embedders"),
    ("books", "similar", "reply_stream", "plots"),
    ("engine",),
    ("cache_report", "prefix_report", "quality_plot"),
    ("session",),
    ("comparison", "policy_file", "monitoring"),
    ("policy",),
    ("evaluation", "savings"),
    ("notebook",),
    ("doctor", ""),
    ("cli",),
)
RANK = {part: rank for rank, layer in enumerate(LAYERS) for part in layer}

# The local provider and the embedder run what weights keeps; the learned router reads with the embedder.
# and learns from what the ledger knows.
# A comparison draws itself, and a session evaluates, on use.
EXCEPTIONS = {
    ("comparison",),
    ("plots", "comparison"),
    ("session", "evaluation"),
    ("providers", "weights"),
    ("embedding", "weights"),
    ("routing", "embedding"),
    ("routing", "accounting"),
}

HEAVY = {
    "sqlalchemy",
    "anthropic",
    "openai",
    "xllamacpp",
    "pandas",
    "jinja2",
    "markdown_it",
    "mdit_py_plugins",
    "tiktoken",
    "genai_prices",
    "diskcache",
    "matplotlib",
    "numpy",
    "onnxruntime",
    "voyager",
}


def _name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"))


def _imports(file: Path) -> Iterator[tuple[bool, str]]:
    """(inside the package, dotted name) of everything that ``file`` imports anywhere in its code."""
    here = file.relative_to(ROOT).parent.parts
    for node in ast.walk(_tree(file)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.partition(".")[0] == "costmagic", alias.name
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0] == "costmagic", node.module or ""
        elif isinstance(node, ast.ImportFrom):
            base = [*here[: len(here) - node.level + 1], *((node.module or "").split(".") if node.module else [])]
            for alias in node.names:
                if alias.name != "__version__":
                    yield True, ".".join([*base, alias.name])


def _inside(file: Path) -> set[str]:
    """The top-level parts of the package that ``file`` imports."""
    return {name.partition(".")[0] for inside, name in _imports(file) if inside}


def _outside(file: Path) -> set[str]:
    return {name.partition(".")[0] for inside, name in _imports(file) if not inside}


def _modules() -> list[pytest.MarkDecorator]:
    return [pytest.param(file, id=_name(file) or "__init__") for file in FILES]  # type: ignore[misc]


def test_every_part_of_the_package_has_a_layer() -> None:
    parts = {_name(file).partition(".")[0] for file in FILES}
    assert parts == set(RANK)


@pytest.mark.parametrize("file", _modules())
def test_imports_point_one_way(file: Path) -> None:
    part = _name(file).partition(".")[0]
    wrong = {
        other
        for other in _inside(file) - {part}
        if RANK.get(other, 99) >= RANK[part] and (part, other) not in EXCEPTIONS
    }
    assert not wrong


def test_only_the_local_provider_uses_the_weights() -> None:
    users = {_name(file) for file in FILES if _name(file).startswith("providers") and "weights" in _inside(file)}
    assert users == {"providers.local"}


def _module(target: str, known: Iterable[str]) -> str:
    """The module that an imported name is, or is in: of a package's own module, not of the package."""
    return max((m for m in known if target == m or target.startswith(f"{m}.")), key=len, default="")


@pytest.mark.parametrize("file", _modules())
def test_modules_of_a_package_import_without_a_circle(file: Path) -> None:
    package = _name(file).rpartition(".")[0]
    if not package:
        return
    graph = {_name(f): {n for i, n in _imports(f) if i} for f in FILES if _name(f).startswith(f"{package}.")}
    graph = {name: {_module(t, graph) for t in targets} - {name, ""} for name, targets in graph.items()}
    reached, todo = set(), list(graph[_name(file)])
    while todo:
        if (name := todo.pop()) not in reached:
            reached.add(name)
            todo += graph[name]
    assert _name(file) not in reached


@pytest.mark.parametrize(
    ("package", "importers"),
    [
        ("genai_prices", {"prices"}),
        ("tiktoken", {"tokens"}),
        ("IPython", {"notebook"}),
        ("ipywidgets", {"notebook"}),
        ("anywidget", {"notebook"}),
        ("anthropic", {"providers"}),
        ("openai", {"providers"}),
        ("xllamacpp", {"providers"}),
        ("sqlalchemy", {"accounting", "doctor"}),
        ("diskcache", {"caching"}),
        ("voyager", {"caching"}),
        ("jinja2", {"templates"}),
        ("tomlkit", {"policy_file"}),
        ("markdown_it", {"notebook"}),
    ],
)
def test_an_outside_package_has_one_home(package: str, importers: set[str]) -> None:
    users = {_name(file).partition(".")[0] for file in FILES if package in _outside(file)}
    assert users <= importers


def _loaded(code: str) -> set[str]:
    script = f"{code}\nimport sys\nprint(*(name for name in {sorted(HEAVY | {'IPython'})!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_importing_costmagic_loads_nothing_heavy() -> None:
    assert _loaded("import costmagic") == set()


def test_loading_the_extension_loads_nothing_heavy() -> None:
    code = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "import sys; before = set(sys.modules)\n"
        "import costmagic; costmagic.load_ipython_extension(shell)\n"
        "assert 'llm' in shell.magics_manager.magics['cell']\n"
    )
    assert _loaded(code) == {"IPython"}


@pytest.mark.parametrize("name", ["UsageError", "Session", "sim"])
def test_a_public_name_loads_no_sdk(name: str) -> None:
    assert not _loaded(f"import costmagic; costmagic.{name}") & {"anthropic", "openai", "xllamacpp", "pandas"}


@pytest.mark.parametrize("file", _modules())
def test_no_module_is_longer_than_300_lines(file: Path) -> None:
    assert len(file.read_text("utf-8").splitlines()) <= 300


def _undocumented(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        if not isinstance(node, (ast.ClassDef, ast.FunctionDef)) or node.name.startswith("_"):
            continue
        overload = any(isinstance(d, ast.Name) and d.id == "overload" for d in node.decorator_list)
        if not overload and ast.get_docstring(node) is None:
            yield node.name


@pytest.mark.parametrize("file", _modules())
def test_every_module_and_public_name_has_a_docstring(file: Path) -> None:
    tree = _tree(file)
    assert ast.get_docstring(tree)
    assert list(_undocumented(tree.body)) == []


@pytest.mark.parametrize("name", costmagic.__all__)
def test_every_public_name_resolves_and_is_listed(name: str) -> None:
    assert getattr(costmagic, name) is not None
    assert name in dir(costmagic)


def test_no_submodule_hides_a_public_name() -> None:
    # Importing a submodule binds its name on the package, over whatever __getattr__ would have found.
    submodules = {_name(file).partition(".")[0] for file in FILES}
    assert not submodules & set(costmagic.__all__)


def test_public_functions_stay_functions_once_everything_is_imported() -> None:
    names = [n for n in (_name(file) for file in FILES) if n and n != "cli"]
    code = (
        "import importlib, costmagic\n"
        f"for name in {names!r}: importlib.import_module('costmagic.' + name)\n"
        "for name in ('ask', 'stream', 'estimate', 'costs', 'ledger', 'action'):\n"
        "    assert callable(getattr(costmagic, name)), name"
    )
    _loaded(code)


def test_an_unknown_attribute_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'aks'"):
        costmagic.aks  # noqa: B018
    assert not hasattr(costmagic, "_private")
