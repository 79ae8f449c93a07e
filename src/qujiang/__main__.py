"""``python -m qujiang``."""

from qujiang.cli import main

main()
