"""Train a recipe: ``python tools/train.py CONFIG``; ``tools/dist_train.sh CONFIG GPUS`` for several processes."""

import argparse

import sslrecipes  # noqa: F401  mends the OpenMMLab stack before anything else is imported
from sslrecipes.config.loading import OptionAction, load_config
from sslrecipes.config.preconditions import check_trains, work_dir_of
from sslrecipes.config.upstream import adopt
from sslrecipes.errors import exit_on_user_error
from sslrecipes.paths.ownership import check_unowned
from sslrecipes.paths.user_paths import user_path


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', type=user_path, help='config file')
    parser.add_argument(
        '--work-dir', type=user_path, help='where logs and checkpoints go (default: work_dirs/<config name>)'
    )
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        type=user_path,
        help='continue from the newest checkpoint of the work dir, or from a file',
    )
    parser.add_argument(
        '--accept-changes', action='store_true', help='resume although recipe, data, processes or code have changed'
    )
    parser.add_argument('--amp', action='store_true', help='mixed precision (the recipe may have it already)')
    parser.add_argument('--auto-scale-lr', action='store_true', help="scale lr to this run's effective batch")
    parser.add_argument('--cfg-options', nargs='+', action=OptionAction, help='overrides: key.sub=value ...')
    parser.add_argument(
        '--dry-run', action='store_true', help='check as a training does, print facts, cost and shapes; no file is left'
    )
    parser.add_argument(
        '--verify', action='store_true', help='first compare the features of the backbone with the pre-trained one'
    )
    parser.add_argument('--check', action='store_true', help='look at the config, which takes no torch, then stop')
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help='set by some launchers; not used')
    return parser.parse_args(argv)


@exit_on_user_error
def main(argv: list[str] | None = None) -> None:
    """Train."""
    args = parse_args(argv)
    cfg = load_config(args.config, args.cfg_options)
    check_trains(cfg)
    args.work_dir = str(work_dir_of(cfg, args.work_dir))
    if args.check:
        adoption = adopt(cfg)
        fine = [] if adoption.notes else [f'{args.config} is fine: nothing to complain of.']
        for line in (*adoption.replaced, *adoption.notes, *fine):
            print(line)
        return
    if not args.dry_run:
        check_unowned(args.work_dir)
    from sslrecipes.commands.launch import apply_arguments

    apply_arguments(cfg, args)
    if args.dry_run:
        from sslrecipes.commands.dry_run import dry_run

        dry_run(cfg, args.verify)
    else:
        from sslrecipes.commands.train import train

        train(cfg, args.verify, args)


if __name__ == '__main__':
    main()
