"""Report on runs: is it learning, and why: ``python tools/report.py WORK_DIR [WORK_DIR ...]``."""

import argparse
from pathlib import Path

import sslrecipes  # noqa: F401  mends the OpenMMLab stack before anything else is imported
from sslrecipes.errors import exit_on_user_error
from sslrecipes.paths.user_paths import user_file, user_path


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('work_dirs', nargs='+', type=user_path, metavar='WORK_DIR', help='runs; several are compared')
    parser.add_argument('--out', type=user_path, help='folder for the report (default: the first WORK_DIR)')
    parser.add_argument('--reference', type=user_file, help='checkpoint to compare the milestones with')
    parser.add_argument('--no-evaluation', action='store_true', help='extract no features: no k-NN of the milestones')
    parser.add_argument('--images', type=int, default=5000, help='at most so many images for k-NN (default: 5000)')
    return parser.parse_args(argv)


@exit_on_user_error
def main(argv: list[str] | None = None) -> None:
    """Report."""
    args = parse_args(argv)
    from sslrecipes.reports.terminal import report

    files = report(
        list(map(Path, args.work_dirs)),
        Path(args.out) if args.out else None,
        evaluate=not args.no_evaluation,
        reference=args.reference,
        images=args.images,
    )
    for file in files:
        print(f'written: {file}')


if __name__ == '__main__':
    main()
