"""Write pictures of a recipe's data as PNG: ``python tools/save_samples.py CONFIG OUT``."""

import argparse

import sslrecipes  # noqa: F401  mends the OpenMMLab stack before anything else is imported
from sslrecipes.config.loading import OptionAction, load_config
from sslrecipes.errors import exit_on_user_error
from sslrecipes.paths.user_paths import user_file, user_path

SHOWN = 20


@exit_on_user_error
def main(argv: list[str] | None = None) -> None:
    """Write them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', type=user_path, help='recipe')
    parser.add_argument('out', type=user_file, help='folder')
    parser.add_argument('--count', type=int, default=6, help='pictures, chosen by contrast (default: %(default)s)')
    parser.add_argument('--data', choices=('train', 'val', 'test'), help='default: the first of val, test, train')
    parser.add_argument('--by-class', action='store_true', help='make a folder of each class')
    parser.add_argument('--seed', type=int, default=0, help='of the choice (default: %(default)s)')
    parser.add_argument('--cfg-options', nargs='+', action=OptionAction, help='overrides: key.sub=value ...')
    args = parser.parse_args(argv)
    cfg = load_config(args.config, args.cfg_options)
    from sslrecipes.commands.save_samples import save_samples

    files = save_samples(cfg, args.out, args.count, args.seed, data=args.data, by_class=args.by_class)
    print(*files if len(files) <= SHOWN else (*files[:SHOWN], f'... {len(files)} files'), sep='\n')


if __name__ == '__main__':
    main()
