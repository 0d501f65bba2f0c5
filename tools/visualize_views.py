"""Show what a recipe's training pipeline makes of images: each with its crops drawn in, and the views in order."""

from __future__ import annotations

import argparse

import sslrecipes  # noqa: F401  mends the OpenMMLab stack before anything else is imported
from sslrecipes.config.loading import OptionAction
from sslrecipes.errors import exit_on_user_error
from sslrecipes.paths.user_paths import user_path


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', type=user_path, help='recipe of a training')
    parser.add_argument('--out', type=user_path, default='views.png', help='the picture to write (default: views.png)')
    parser.add_argument('--images', type=int, default=4, help='how many images (default: 4)')
    parser.add_argument('--cfg-options', nargs='+', action=OptionAction, help='overrides: key.sub=value ...')
    return parser.parse_args(argv)


@exit_on_user_error
def main(argv: list[str] | None = None) -> None:
    """Write the picture and say where it is."""
    args = parse_args(argv)
    from sslrecipes.commands.visualize_views import visualize_views

    print(f'written: {visualize_views(args.config, args.out, args.images, args.cfg_options)}')


if __name__ == '__main__':
    main()
