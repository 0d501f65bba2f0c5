"""Show what a pre-trained MAE makes of masked images: original, masked, reconstruction, reconstruction + visible."""

from __future__ import annotations

import argparse
from typing import get_args

from sslrecipes.errors import exit_on_user_error
from sslrecipes.visualization.reconstruct_images import visualize_reconstruction
from sslrecipes.visualization.reconstruction import PatchColours


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config of a MAE pre-training')
    parser.add_argument('checkpoint', help='its checkpoint')
    parser.add_argument('--images', nargs='+', required=True, help='image files of any size, or folders of them')
    parser.add_argument('--out', required=True, help='the picture to write, such as reconstruction.png')
    parser.add_argument('--seed', type=int, default=0, help='seed of the masks (default: 0)')
    parser.add_argument('--limit', type=int, default=8, help='at most this many images (default: 8)')
    parser.add_argument(
        '--patch-colours',
        choices=get_args(PatchColours),
        default='original',
        help='with norm_pix, take the colours of each removed patch from the original (default), '
        'or show the bare prediction around the mean of the visible patches',
    )
    return parser.parse_args()


@exit_on_user_error
def main() -> None:
    """Write the picture and say where it is."""
    args = parse_args()
    out = visualize_reconstruction(
        args.config, args.checkpoint, args.images, args.out, args.seed, args.patch_colours, args.limit
    )
    print(f'written: {out}')


if __name__ == '__main__':
    main()
