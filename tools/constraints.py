"""Keep constraints.txt: the versions of everything that this project pulls in with which its tests have passed.

``--write`` takes them from the environment that runs this file; ``--moved`` prints what differs there.
"""

import argparse
from pathlib import Path

from sslrecipes.commands.constraints import keep_constraints


def main() -> None:
    """Write the file, or say what differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument('--write', action='store_true', help='write the file')
    action.add_argument('--moved', action='store_true', help='print what differs')
    keep_constraints(Path(__file__).resolve().parents[1] / 'constraints.txt', parser.parse_args().write)


if __name__ == '__main__':
    main()
