"""Show what a pre-trained MAE or MAE-priv makes of masked images, in a picture or an HTML page."""

from __future__ import annotations

import argparse

import sslrecipes  # noqa: F401  mends the OpenMMLab stack before anything else is imported
from sslrecipes.config.loading import OptionAction
from sslrecipes.errors import exit_on_user_error
from sslrecipes.paths.user_paths import user_path


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', type=user_path, help='config of a pre-training by MAE or MAE-priv')
    parser.add_argument('checkpoint', type=user_path, help='its checkpoint, or an official one of the same network')
    parser.add_argument(
        '--images',
        nargs='+',
        type=user_path,
        required=True,
        help='image files of any size, or folders; their central square is used',
    )
    parser.add_argument(
        '--out', type=user_path, required=True, help='the picture (.png, .jpg, ...) or page (.html) to write'
    )
    parser.add_argument('--seed', type=int, default=0, help='seed of the masks (default: 0)')
    parser.add_argument('--limit', type=int, default=8, help='at most this many images (default: 8)')
    parser.add_argument(
        '--patch-colours',
        default='original',
        help="with norm_pix, brightness and contrast of each removed patch: the original's, which leaks the input "
        '(default); interpolated from the visible patches (predicted); the mean of the visible patches (visible)',
    )
    parser.add_argument('--cfg-options', nargs='+', action=OptionAction, help='overrides: key.sub=value ...')
    return parser.parse_args()


@exit_on_user_error
def main() -> None:
    """Write the pictures and say where they are."""
    args = parse_args()
    from sslrecipes.commands.visualize_reconstruction import visualize_reconstruction

    out = visualize_reconstruction(
        args.config, args.checkpoint, args.images, args.out, args.seed, args.patch_colours, args.limit, args.cfg_options
    )
    print(f'written: {out}')


if __name__ == '__main__':
    main()
