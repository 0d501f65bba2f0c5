"""Pre-train, evaluate and export the small recipes on the embedded photographs: about ten minutes on two CPU cores."""

import argparse
from pathlib import Path

import sslrecipes  # noqa: F401  mends the OpenMMLab stack before anything else is imported
from sslrecipes.errors import exit_on_user_error
from sslrecipes.paths.user_paths import user_file


@exit_on_user_error
def main(argv: list[str] | None = None) -> None:
    """Run the quickstart."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--work-dir', type=user_file, help='where everything goes (default: work_dirs/quickstart)')
    parser.add_argument(
        '--epochs',
        type=int,
        help="length of the pre-trainings, with --mae-priv of all trainings (default: the recipes')",
    )
    job = parser.add_mutually_exclusive_group()
    job.add_argument(
        '--mae-priv',
        action='store_true',
        help='instead pre-train both variants of MAE-priv, evaluate and fine-tune them, and draw reconstructions and '
        'attention, in about four minutes; goes to work_dirs/quickstart/mae-priv',
    )
    job.add_argument(
        '--transfer',
        action='store_true',
        help='instead detect and segment small scenes, from a random and from a pre-trained backbone, in about twenty '
        'minutes; goes to work_dirs/quickstart-transfer, and a finished pre-training there is used again',
    )
    parser.add_argument('--iterations', type=int, help='length of the trainings of --transfer')
    args = parser.parse_args(argv)
    if args.iterations and not args.transfer:
        parser.error('--iterations goes with --transfer')
    print('Starting: importing torch and the OpenMMLab packages takes some seconds', flush=True)
    if args.transfer:
        from sslrecipes.commands import transfer_quickstart

        transfer_quickstart.run(args.work_dir or Path('work_dirs/quickstart-transfer'), args.epochs, args.iterations)
    elif args.mae_priv:
        from sslrecipes.commands import mae_priv_quickstart

        mae_priv_quickstart.run(args.work_dir or Path('work_dirs/quickstart/mae-priv'), args.epochs)
    else:
        from sslrecipes.commands import quickstart

        quickstart.run(args.work_dir or Path('work_dirs/quickstart'), args.epochs)


if __name__ == '__main__':
    main()
