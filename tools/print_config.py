"""Show each value of a config and who set it: ``python tools/print_config.py CONFIG --only optim_wrapper``."""

import argparse
import signal

import sslrecipes  # noqa: F401  mends the OpenMMLab stack before anything else is imported
from sslrecipes.commands.print_config import print_config
from sslrecipes.config.loading import OptionAction
from sslrecipes.errors import exit_on_user_error
from sslrecipes.paths.user_paths import user_path


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', type=user_path, help='config file')
    parser.add_argument('--cfg-options', nargs='+', action=OptionAction, help='overrides: key.sub=value ...')
    parser.add_argument('--only', metavar='KEY', help='show this key only, as optim_wrapper.optimizer')
    parser.add_argument('--format', choices=['text', 'json'], default='text')
    return parser.parse_args(argv)


@exit_on_user_error
def main(argv: list[str] | None = None) -> None:
    """Print."""
    args = parse_args(argv)
    print_config(args.config, args.cfg_options, args.only, args.format)


if __name__ == '__main__':
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` is no error
    main()
