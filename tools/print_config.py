"""Show each value of a config and who set it: ``python tools/print_config.py CONFIG --only optim_wrapper``."""

import argparse
import json
import signal
import sys

import sslrecipes  # noqa: F401  mends the OpenMMLab stack before anything else is imported
from sslrecipes.config.loading import OptionAction
from sslrecipes.config.provenance import settings
from sslrecipes.config.settings_view import as_json, as_text, listed, print_settings
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
    rows = listed(settings(args.config, args.cfg_options), args.only)
    if args.format == 'json':
        print(json.dumps(as_json(rows), indent=2))
    elif sys.stdout.isatty():
        print_settings(rows)
    else:
        print(as_text(rows))


if __name__ == '__main__':
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` is no error
    main()
