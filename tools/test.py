"""Evaluate a checkpoint: ``python tools/test.py CONFIG CHECKPOINT``; ``tools/dist_test.sh`` for several processes."""

import argparse

import sslrecipes  # noqa: F401  mends the OpenMMLab stack before anything else is imported
from sslrecipes.config.inputs import config_inputs
from sslrecipes.config.loading import OptionAction, load_config
from sslrecipes.config.preconditions import check_evaluates, work_dir_of
from sslrecipes.errors import exit_on_user_error
from sslrecipes.paths.overwriting import refuse_overwriting
from sslrecipes.paths.user_paths import user_path


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', type=user_path, help='config file with test_dataloader, test_cfg and test_evaluator')
    parser.add_argument(
        'checkpoint',
        nargs='?',
        type=user_path,
        help='weights of the whole model; a config without train_cfg needs none',
    )
    parser.add_argument('--work-dir', type=user_path, help='where logs go (default: work_dirs/<config name>)')
    parser.add_argument('--out', type=user_path, help='write the metrics to this JSON file')
    parser.add_argument(
        '--no-untrained',
        action='store_true',
        help='frozen features: leave out the untrained network beside the checkpoint',
    )
    parser.add_argument('--cfg-options', nargs='+', action=OptionAction, help='overrides: key.sub=value ...')
    parser.add_argument('--check', action='store_true', help='look at the config, which takes no torch, then stop')
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help='set by some launchers; not used')
    return parser.parse_args(argv)


@exit_on_user_error
def main(argv: list[str] | None = None) -> None:
    """Evaluate."""
    args = parse_args(argv)
    cfg = load_config(args.config, args.cfg_options)
    check_evaluates(cfg, args.checkpoint)
    refuse_overwriting([*filter(None, [args.checkpoint]), *config_inputs(cfg)], *filter(None, [args.out]))
    args.work_dir = str(work_dir_of(cfg, args.work_dir))
    if args.check:
        print(f'{args.config} is fine: nothing to complain of.')
        return
    from sslrecipes.commands.launch import apply_arguments
    from sslrecipes.commands.test import test

    apply_arguments(cfg, args)
    test(cfg, args.checkpoint, args.out, untrained=not args.no_untrained)


if __name__ == '__main__':
    main()
