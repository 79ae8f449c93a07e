"""The command line: ``qujiang <room> <verb>``.

Commands are named here and imported only when one is called, so that ``--help`` and a small question start fast.
A ``QujiangError`` leaves with exit code 1 and its sentence on stderr (with ``--json``, as JSON on stdout); a wrong use
leaves with 2; an answer, welcome or not, with 0.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from itertools import pairwise
from typing import Any

import click

from qujiang import __version__
from qujiang.errors import DataError, QujiangError

#: name -> (module, attribute, one line of help). The line is the first of the command's own docstring; a test holds them equal.
COMMANDS: dict[str, tuple[str, str, str]] = {
    "plan": ("qujiang.cli.plan", "plan", "Test the plan: where each landmark stands and what binds it."),
    "check": ("qujiang.cli.data", "check", "Check a district: every fault of every file at once."),
    "new": ("qujiang.cli.data", "new", "Start a district: a folder of blank templates."),
    "schema": ("qujiang.cli.data", "schema", "Show the data dictionary: every table and column."),
    "freight": ("qujiang.cli.freight", "freight", "Freight: how cargo goes, what it costs, where it binds."),
    "port": ("qujiang.cli.port", "port", "Port: how long ships wait and what the port can carry."),
    "buildings": ("qujiang.cli.buildings", "buildings", "Buildings: how full they are and which firm fits where."),
    "outlook": ("qujiang.cli.outlook", "outlook", "Outlook: where indicators go and what the targets ask."),
    "desk": ("qujiang.cli.desk", "desk", "Desk: an enterprise asks, the government answers, on the clock."),
    "cases": ("qujiang.cli.cases", "cases", "Cases: one thing done in one go, across departments."),
    "serve": ("qujiang.cli.serve", "serve", "Serve: pages, API and Open311 in one process, until interrupted."),
    "store": ("qujiang.cli.store", "store", "Store: backup and restore of the live database while it runs."),
    "audit": ("qujiang.cli.store", "audit", "Audit: the trail of everything that was done, hash-chained."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        return getattr(importlib.import_module(module), attribute)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="qujiang")
def cli() -> None:
    """Test a district's service-economy plan: does it hold, what binds it, what first.

    Without a district, the bundled one (Qujiang, Quzhou) is used. Every verb takes --json for machines.
    """


def as_json(answer: Any) -> str:
    """One JSON text, UTF-8, numbers kept finite (a NaN in an answer is a defect and raises)."""
    return json.dumps(answer, ensure_ascii=False, indent=1, allow_nan=False)


def wants_chinese(words: list[str]) -> bool:
    """Whether the words of a command ask for Chinese: ``--language zh``."""
    return "--language=zh" in words or ("--language", "zh") in pairwise(words)


def tell(error: QujiangError, *, json_wanted: bool, chinese: bool = False) -> None:
    """Print one error where its reader looks for it."""
    if json_wanted:
        faults = [fault.as_dict() for fault in error.faults] if isinstance(error, DataError) else None
        answer: dict[str, Any] = {"error": type(error).__name__, "message": str(error)}
        if faults is not None:
            answer["faults"] = faults
        click.echo(as_json(answer))
    elif chinese:
        from qujiang.words.refusals import error_in_chinese

        click.echo(f"qujiang：{error_in_chinese(str(error))}", err=True)
    else:
        click.echo(f"qujiang: {error}", err=True)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        cli.main(args=words, prog_name="qujiang", standalone_mode=False)
    except QujiangError as error:
        tell(error, json_wanted="--json" in words, chinese=wants_chinese(words))
        sys.exit(1)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("qujiang: interrupted; nothing was half-written", err=True)
        sys.exit(130)
    except BrokenPipeError:  # the reader (head, less) closed early; silence the interpreter's own complaint
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    sys.exit(0)
