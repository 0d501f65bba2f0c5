"""Check or write the tables of README.md, docs/model_zoo.md and configs/*/README.md, made from the recipe cards."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sslrecipes.commands.model_zoo import update_tables
from sslrecipes.errors import exit_on_user_error
from sslrecipes.paths.user_paths import user_file


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument('--check', action='store_true', help='exit with 1 if a table is out of date')
    action.add_argument('--write', action='store_true', help='bring all tables up to date')
    parser.add_argument(
        '--root', type=user_file, default=Path(__file__).resolve().parents[1], help='repository, default: of this file'
    )
    return parser.parse_args()


@exit_on_user_error
def main() -> None:
    """Compare each document with its current table; write it or report it."""
    args = parse_args()
    sys.exit(0 if update_tables(args.root, args.write) else 1)


if __name__ == '__main__':
    main()
