"""Show where a ViT looks: attention rollout and, for a class, gradient rollout, laid over images.

python tools/explain_attention.py CONFIG work_dirs/run/epoch_100.pth --images photo.jpg --category tabby --out look
"""

from __future__ import annotations

import argparse

from sslrecipes.config.loading import OptionAction
from sslrecipes.errors import exit_on_user_error
from sslrecipes.paths.user_paths import user_path


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'config', type=user_path, help='config of any model with a ViT as its backbone; its normalisation is used'
    )
    parser.add_argument('checkpoint', type=user_path, help='its weights, ours or an official file')
    parser.add_argument(
        '--images', nargs='+', type=user_path, required=True, help='image files of any size, or folders of them'
    )
    parser.add_argument('--out', type=user_path, required=True, help='folder for pictures and page')
    parser.add_argument('--fusion', default='max', help='of the maps of heads: max (default), mean or min')
    parser.add_argument(
        '--discard-ratio', type=float, default=0.9, help='share of smallest entries set to 0 (default: %(default)s)'
    )
    parser.add_argument('--layer', type=int, help='index of the only block to look at (default: all blocks)')
    parser.add_argument('--category', help='index or name of a class: adds gradient rollout, needs a classifier')
    parser.add_argument(
        '--official', action='store_true', help="compute what MAE-priv's tool computes, errors included"
    )
    parser.add_argument('--size', type=int, help="side of the images in pixels (default: the config's img_size)")
    parser.add_argument('--limit', type=int, default=8, help='at most this many images (default: %(default)s)')
    parser.add_argument('--cfg-options', nargs='+', action=OptionAction, help='overrides: key.sub=value ...')
    return parser.parse_args()


@exit_on_user_error
def main() -> None:
    """Write the pictures and say where they are."""
    args = parse_args()
    from sslrecipes.commands.explain_attention import explain_attention
    from sslrecipes.visualization.rollout import RolloutOptions

    options = RolloutOptions(args.fusion, args.discard_ratio, args.layer, args.official)
    page = explain_attention(
        args.config,
        args.checkpoint,
        args.images,
        args.out,
        options,
        args.category,
        args.size,
        args.limit,
        args.cfg_options,
    )
    print(f'written: {page}')


if __name__ == '__main__':
    main()
