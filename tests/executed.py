"""The notebooks of this repository, run top to bottom as a stranger would: no key, an empty home, the two small models.

``python tests/executed.py`` runs them all and writes them back with their outputs, for GitHub to show.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

MODELS = ("smollm2-135m.gguf", "minilm.onnx", "minilm-tokenizer.json")


def clean(environment: dict[str, str]) -> dict[str, str]:
    """Without keys, addresses of servers and settings of one's own."""
    kinds = ("_API_KEY", "_AUTH_TOKEN", "_BASE_URL")
    return {
        name: value
        for name, value in environment.items()
        if not name.endswith(kinds) and not name.startswith(("COSTMAGIC_", "OLLAMA_"))
    }


def execute(file: Path, models: Path, folder: Path) -> nbformat.NotebookNode:
    """The notebook with its outputs, run in an empty folder with a home in it.

    Args:
        models: the folder with the weights.
        folder: empty; ``home`` in it is the home.
    """
    home, work = folder / "home", folder / "work"
    (home / "models").mkdir(parents=True)
    work.mkdir()
    for name in MODELS:
        (home / "models" / name).symlink_to(models / name)
    environment = {**clean(dict(os.environ)), "COSTMAGIC_HOME": str(home), "XDG_CONFIG_HOME": str(folder / "config")}
    notebook = nbformat.read(file, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=240,
        kernel_name="python3",
        store_widget_state=False,
        record_timing=False,
        resources={"metadata": {"path": str(work)}},
    )
    client.execute(env=environment)
    notebook.metadata.language_info = {"name": "python"}
    return notebook


def main() -> None:
    """Run the notebooks that are named, or all, and write them back."""
    models = Path(os.environ.get("COSTMAGIC_TEST_HOME", ROOT / ".costmagic")) / "models"
    for file in [Path(name).resolve() for name in sys.argv[1:]] or NOTEBOOKS:
        with tempfile.TemporaryDirectory() as folder:
            nbformat.write(execute(file, models, Path(folder)), file)
        sys.stdout.write(f"{file.name}\n")


if __name__ == "__main__":
    main()
