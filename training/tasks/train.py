"""Trains the task classifier from ``prompts/*.jsonl`` (but ``*held-out*``): ``python training/tasks/train.py``.

With ``--dev FILE,FILE`` those files are left out and judged: so choices are made, never on the held-out prompts.
Seeded and on one thread: the same prompts and packages give the same weights.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from collection import FOLDER, load
from judge import judge
from linear import fit_linear
from network import exported, fit_network

from costmagic.routing.tasks import EXAMPLES, WEIGHTS
from costmagic.routing.tasks.classifier import TaskClassifier
from costmagic.types import TASKS

# Chosen on voices-5, families and production, trained on the rest: TEMPERED * (network + LINEAR_SHARE * linear).
LINEAR_SHARE, TEMPERED = 6.0, 0.5
STRETCH = (1.5, -1.0)

# The prompts that explanations may name: short ones that the classifier is sure of, so many of a task and language.
SHOWN = {"en": 30, "de": 4, "fr": 4, "es": 4}
SHORT = 90  # characters


def shown(classifier: TaskClassifier, prompts: list[dict[str, Any]]) -> list[dict[str, str]]:
    """The examples for explanations."""
    chances, _ = classifier.predict([prompt["text"] for prompt in prompts])
    order = random.Random(0).sample(range(len(prompts)), len(prompts))
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for i in order:
        prompt = prompts[i]
        task, text = prompt["task"], " ".join(prompt["text"].split())
        if 12 <= len(text) <= SHORT and chances[i][TASKS.index(task)] > 0.8:
            of = found[task, prompt["lang"]]
            if len(of) < SHOWN[prompt["lang"]]:
                of.append(text)
    return [{"task": task, "prompt": text} for (task, _), texts in sorted(found.items()) for text in texts]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="the weights' file; examples.json goes beside it")
    parser.add_argument("--dev", default="", help="files to leave out and judge, without .jsonl, with commas")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    paths = sorted(FOLDER.glob("*.jsonl"))
    dev = set(arguments.dev.split(",")) - {""}
    prompts = load([path for path in paths if "held-out" not in path.stem and path.stem not in dev])
    texts = [prompt["text"] for prompt in prompts]
    labels = np.array([TASKS.index(prompt["task"]) for prompt in prompts])
    difficulties = np.array([prompt["difficulty"] - 2 for prompt in prompts])
    print(f"{len(prompts)} prompts", flush=True)
    weights = fit_linear(texts, labels, difficulties)
    weights |= exported(*fit_network(texts, labels, difficulties))
    weights["mix"] = np.array([TEMPERED, TEMPERED * LINEAR_SHARE], np.float32)
    weights["stretch"] = np.array(STRETCH, np.float32)
    np.savez_compressed(arguments.out, **weights)
    print(f"{arguments.out.stat().st_size:,} bytes")
    classifier = TaskClassifier(arguments.out)
    examples = json.dumps(shown(classifier, prompts), indent=0, ensure_ascii=False)
    arguments.out.with_name(EXAMPLES.name).write_text(f"{examples}\n", "utf-8")
    judge(classifier, load([path for path in paths if path.stem in dev or (not dev and "held-out" in path.stem)]))


if __name__ == "__main__":
    main()
