"""The command `dunning`."""

from __future__ import annotations

import sys

from dunning_core.errors import MissingExtra

EXTRA = ("click", "rich")


def main() -> None:
    """Run the command line. Without the extra `cli`: one line that says how to install it, and exit code 2."""
    try:
        from dunning_adapters.cli.app import dunning
    except ModuleNotFoundError as error:
        if error.name not in EXTRA:
            raise
        sys.stderr.write(f"error: {MissingExtra(error.name, 'cli', 'the command line')}\n")
        sys.exit(2)
    dunning(prog_name="dunning")
