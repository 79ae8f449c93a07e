"""Write the generated pages and the examples' outputs: ``python tools/build_docs.py [--check]``.

``docs/data-dictionary.md`` comes from the declared tables, ``docs/cli.md`` from the commands' own help, and each
``examples/<name>.out`` from running ``examples/<name>.py``. ``--check`` writes nothing and leaves with 1 where one lags.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click

HOME = Path(__file__).resolve().parents[1]
NOTE = "<!-- Written by tools/build_docs.py; do not edit. -->\n\n"
WIDTH = 100


def data_dictionary() -> str:
    """Every table and column that a district may hold."""
    from qujiang.district import TABLES
    from qujiang.tables import dictionary

    head = (
        "# Data dictionary\n\n"
        f"A district is a folder with `district.toml` and these {len(TABLES)} tables, one CSV or Parquet file each. The same text, for one\n"
        "table: `qujiang schema TABLE`; for machines: `qujiang schema --json`. The suffix of a column is its unit\n"
        "([nomenclature](nomenclature.md)).\n\n"
    )
    listed = "\n".join(f"- [{table.name}](#{table.name}): {table.meaning}" for table in TABLES)
    return f"{NOTE}{head}{listed}\n\n{dictionary(TABLES).rstrip()}\n"


def command_line() -> str:
    """The help of every command, groups first."""
    from qujiang.cli import cli

    parts = [f"## {name}\n\n```text\n{text.rstrip()}\n```\n" for name, text in _helps(cli, "qujiang", None)]
    head = "# Command line\n\nThe help of every command, as the command prints it.\n\n"
    return NOTE + head + "\n".join(parts)


def _helps(command: click.Command, name: str, parent: click.Context | None) -> list[tuple[str, str]]:
    settings = {"terminal_width": WIDTH, "max_content_width": WIDTH, **command.context_settings}
    settings |= {"terminal_width": WIDTH, "max_content_width": WIDTH}
    context = click.Context(command, info_name=name, parent=parent, **settings)
    command._help_option = None  # click keeps the first one made, which may come from a call without the parents
    found = [(context.command_path, command.get_help(context))]
    if isinstance(command, click.Group):
        for word in command.list_commands(context):
            child = command.get_command(context, word)
            assert child is not None
            found += _helps(child, word, context)
    return found


def pages() -> dict[Path, str]:
    """Generated pages by path."""
    return {HOME / "docs" / "data-dictionary.md": data_dictionary(), HOME / "docs" / "cli.md": command_line()}


def run_example(path: Path) -> str:
    """What an example prints, run as a reader would run it."""
    environment = {**os.environ, "PYTHONUTF8": "1", "PYTHONPATH": str(HOME / "src")}
    ran = subprocess.run(
        [sys.executable, str(path)],
        cwd=HOME,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    return ran.stdout


def main() -> None:
    """Write what lags; with ``--check``, only say it."""
    wanted = pages() | {
        path.with_suffix(".out"): run_example(path) for path in sorted((HOME / "examples").glob("*.py"))
    }
    late = {
        path: text for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text
    }
    for path, text in late.items():
        print(f"{'lags' if '--check' in sys.argv else 'written'}: {path.relative_to(HOME)}")
        if "--check" not in sys.argv:
            aside = path.with_name(f".{path.name}.part")
            aside.write_text(text, encoding="utf-8")
            aside.replace(path)
    if late and "--check" in sys.argv:
        sys.exit(1)


if __name__ == "__main__":
    main()
