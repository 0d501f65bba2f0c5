"""Draw what detectors or segmentors predict beside the truth: ``visualize_predictions.py CONFIG CHECKPOINT``."""

import argparse

import sslrecipes  # noqa: F401  mends the OpenMMLab stack before anything else is imported
from sslrecipes.config.inputs import config_inputs
from sslrecipes.config.loading import OptionAction, load_config
from sslrecipes.config.preconditions import check_places
from sslrecipes.errors import exit_on_user_error
from sslrecipes.paths.overwriting import refuse_overwriting
from sslrecipes.paths.user_paths import user_file, user_path


@exit_on_user_error
def main(argv: list[str] | None = None) -> None:
    """Draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', type=user_path, help='recipe of a detector or segmentor')
    parser.add_argument('checkpoints', nargs='+', type=user_path, help='of this recipe; a column each')
    parser.add_argument('--out', type=user_file, required=True, help='the PNG to write')
    parser.add_argument('--count', type=int, default=4, help='pictures (default: %(default)s)')
    parser.add_argument('--cfg-options', nargs='+', action=OptionAction, help='overrides: key.sub=value ...')
    args = parser.parse_args(argv)
    cfg = load_config(args.config, args.cfg_options)
    check_places(args.checkpoints)
    refuse_overwriting([*args.checkpoints, *config_inputs(cfg)], args.out)
    from sslrecipes.commands.visualize_predictions import visualize_predictions

    cfg.update(work_dir=str(args.out.parent / 'logs'), launcher='none')
    print(visualize_predictions(cfg, args.checkpoints, args.out, args.count))


if __name__ == '__main__':
    main()
