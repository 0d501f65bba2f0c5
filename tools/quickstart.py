"""Pre-train, evaluate and export the small recipes on the embedded photographs: about ten minutes on two CPU cores."""

import argparse
from pathlib import Path

import sslrecipes  # noqa: F401  mends the OpenMMLab stack before anything else is imported
from sslrecipes.errors import exit_on_user_error


@exit_on_user_error
def main(argv: list[str] | None = None) -> None:
    """Run the quickstart."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/quickstart'), help='where everything goes')
    parser.add_argument('--epochs', type=int, help="length of both pre-trainings (default: the recipes')")
    args = parser.parse_args(argv)
    print('Starting: importing torch and the OpenMMLab packages takes some seconds', flush=True)
    from sslrecipes.engine.quickstart import run

    run(args.work_dir, args.epochs)


if __name__ == '__main__':
    main()
