"""Train a small ResNet with DINO (baseline and sslight views), SwAV and MoCo, and compare the features."""

import argparse
from pathlib import Path

import sslrecipes  # noqa: F401  mends the OpenMMLab stack before anything else is imported
from sslrecipes.errors import exit_on_user_error
from sslrecipes.paths.user_paths import user_file


@exit_on_user_error
def main(argv: list[str] | None = None) -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--work-dir', type=user_file, default=Path('work_dirs/comparison'), help='where everything goes'
    )
    parser.add_argument('--data', nargs='+', choices=['photo-tiles', 'fashion-mnist'], help='default: what is there')
    parser.add_argument('--epochs', type=int, help="length of each training (default: the recipes')")
    args = parser.parse_args(argv)
    print('Starting: importing torch and the OpenMMLab packages takes some seconds', flush=True)
    from sslrecipes.commands.compare_methods import DATA, run
    from sslrecipes.datasets.fashion_mnist import DEBIAN_FOLDER

    present = DATA if Path(DEBIAN_FOLDER).is_dir() else DATA[:1]
    run(args.work_dir, args.data or present, args.epochs)


if __name__ == '__main__':
    main()
