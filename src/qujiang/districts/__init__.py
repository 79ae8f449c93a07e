"""The bundled districts, and where a district's folder is. Nothing here reads a table."""

from __future__ import annotations

from pathlib import Path

from qujiang.errors import QujiangError

BUNDLED = "qujiang"
FILE = "district.toml"


def bundled() -> dict[str, Path]:
    """Folders of the bundled districts by name."""
    home = Path(__file__).parent
    return {path.parent.name: path.parent for path in sorted(home.glob(f"*/{FILE}"))}


def find_folder(path: str | Path | None = None) -> Path:
    """The folder of a district, by path or by the name of a bundled one; None is the bundled one.

    Raises
    ------
    QujiangError
        There is none, or it holds nothing.
    """
    known = bundled()
    if path is None:
        return known[BUNDLED]
    folder = Path(path)
    try:
        if str(path) in known and not folder.is_dir():
            return known[str(path)]
        if not folder.exists():
            raise QujiangError(f"{path}: there is no such folder (bundled districts: {', '.join(known)})")
        if not folder.is_dir():
            raise QujiangError(f"{path}: is a file; a district is a folder of tables, see `qujiang new`")
        if not any(folder.iterdir()):
            raise QujiangError(f"{path}: the folder is empty; `qujiang new {path}` fills it with templates")
    except (OSError, ValueError) as error:
        raise QujiangError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    return folder
