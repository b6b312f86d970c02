"""Derive words that mean the same from WordNet 3.0: ``python training/word_pairs.py FOLDER`` with its index, data and
``cntlist.rev`` files (Debian's ``wordnet-base``). Writes ``costmagic/caching/verify/data/wordnet.txt``: common single
words that share a synset which is the first or second sense of both, a line a synset; its notice stands beside it.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path

TARGET = Path(__file__).parent.parent / "costmagic" / "caching" / "verify" / "data" / "wordnet.txt"
SENSES = 2  # of each word, by how often they were met in WordNet's tagged texts
SHARE = 0.25  # of all times that a word was met, at least so many in this sense
MET = 2


def main(folder: Path) -> None:
    """Write the lines."""
    met: dict[tuple[str, str, int], int] = {}
    total: dict[tuple[str, str], int] = defaultdict(int)
    for line in (folder / "cntlist.rev").read_text("ascii").splitlines():
        key, number, count = line.split()
        word, _, rest = key.partition("%")
        kind = {"1": "noun", "2": "verb", "3": "adj", "4": "adv", "5": "adj"}[rest[0]]
        met[word, kind, int(number)] = int(count)
        total[word, kind] += int(count)
    groups: dict[tuple[str, str], set[str]] = defaultdict(set)
    for kind in ("noun", "verb", "adj", "adv"):
        for line in (folder / f"index.{kind}").read_text("ascii").splitlines():
            parts = line.split()
            if line.startswith(" ") or not re.fullmatch("[a-z]{3,}", parts[0]):
                continue
            word, synsets = parts[0], parts[-int(parts[2]) :]
            for number, synset in enumerate(synsets[:SENSES], 1):
                count = met.get((word, kind, number), 0)
                if count >= MET and count >= SHARE * total[word, kind]:
                    groups[kind, synset].add(word)
    lines = sorted({" ".join(sorted(words)) for words in groups.values() if len(words) > 1})
    head = "# Words that share a frequent synset of WordNet 3.0, a line a synset; see WORDNET-LICENSE."
    TARGET.write_text("\n".join([head, *lines]) + "\n", "ascii")
    print(len(lines), "lines")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
