"""Draw what a backbone makes of the validation images: t-SNE, PCA or UMAP of its features, a panel per checkpoint.

python tools/plot_features.py CONFIG work_dirs/run/epoch_1.pth work_dirs/run/epoch_10.pth --out features.png
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
        'config', type=user_path, help='config with a backbone and labelled validation (or test) images'
    )
    parser.add_argument(
        'checkpoints', nargs='+', type=user_path, metavar='checkpoint', help='weights of the backbone, a panel each'
    )
    parser.add_argument('--out', type=user_path, required=True, help='the picture to write: .png, .pdf or .svg')
    parser.add_argument('--method', default='tsne', help='tsne (default), pca, or umap, which needs umap-learn')
    parser.add_argument('--limit', type=int, default=2000, help='at most this many images (default: %(default)s)')
    parser.add_argument('--classes', type=int, default=20, help='at most this many classes (default: %(default)s)')
    parser.add_argument('--perplexity', type=float, default=30.0, help='of t-SNE (default: %(default)s)')
    parser.add_argument('--pool', default='auto', help='auto (default), avg or cls: how tokens become one vector')
    parser.add_argument('--prefix', default='backbone.', help="e.g. 'teacher.backbone.' (default: %(default)s)")
    parser.add_argument('--seed', type=int, default=0, help='of t-SNE and UMAP (default: %(default)s)')
    parser.add_argument('--cfg-options', nargs='+', action=OptionAction, help='overrides: key.sub=value ...')
    parser.add_argument('--cache-dir', type=user_path, help='folder of cached features')
    return parser.parse_args()


@exit_on_user_error
def main() -> None:
    """Write the picture and say where it is."""
    options = vars(parse_args())
    from sslrecipes.commands.plot_features import plot_features

    out = plot_features(options.pop('config'), options.pop('checkpoints'), options.pop('out'), **options)
    print(f'written: {out}')


if __name__ == '__main__':
    main()
