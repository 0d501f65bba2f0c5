"""k-NN accuracy of one or many checkpoints: ``python tools/evaluate_knn.py CONFIG CHECKPOINT_OR_FOLDER ...``."""

import argparse
from pathlib import Path

import sslrecipes  # noqa: F401  mends the OpenMMLab stack before anything else is imported
from sslrecipes.config.inputs import config_inputs
from sslrecipes.config.loading import OptionAction, load_config
from sslrecipes.config.preconditions import check_places, work_dir_of
from sslrecipes.errors import exit_on_user_error
from sslrecipes.paths.overwriting import refuse_overwriting
from sslrecipes.paths.user_paths import user_file, user_path


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', type=user_path, help='config whose test_cfg is a KNNLoop')
    parser.add_argument('checkpoints', nargs='+', type=user_path, help='checkpoints of any method, and folders of them')
    parser.add_argument(
        '--out',
        type=user_path,
        help='folder for knn.csv, knn.png (of several checkpoints) and logs (default: work_dirs/<config name>)',
    )
    parser.add_argument('--ks', nargs='+', type=int, help="numbers of neighbours (default: the config's)")
    parser.add_argument('--temperature', type=float, help="softness of the vote (default: the config's)")
    cache = parser.add_mutually_exclusive_group()
    cache.add_argument('--cache', type=user_file, help='folder of extracted features (default: OUT/features)')
    cache.add_argument('--no-cache', action='store_true', help='keep no features (ImageNet at 768 channels: 4 GB each)')
    parser.add_argument('--no-untrained', action='store_true', help='leave out the row of the untrained network')
    parser.add_argument('--cfg-options', nargs='+', action=OptionAction, help='overrides: key.sub=value ...')
    return parser.parse_args(argv)


@exit_on_user_error
def main(argv: list[str] | None = None) -> None:
    """Evaluate."""
    args = parse_args(argv)
    cfg = load_config(args.config, args.cfg_options)
    check_places(args.checkpoints)
    inputs = [*args.checkpoints, *config_inputs(cfg)]
    refuse_overwriting(inputs, *filter(None, [args.out]))
    out = work_dir_of(cfg, args.out)
    from sslrecipes.commands.evaluate_knn import CSV, CURVE, FEATURES, evaluate_knn

    refuse_overwriting(inputs, out / CSV, out / CURVE)
    cache = None if args.no_cache else args.cache or out / FEATURES
    evaluate_knn(
        cfg,
        args.checkpoints,
        out,
        ks=args.ks,
        temperature=args.temperature,
        cache=cache,
        untrained=not args.no_untrained,
    )
    for path in filter(Path.exists, (out / CSV, out / CURVE)):  # former ones were set aside
        print(f'written: {path}')


if __name__ == '__main__':
    main()
