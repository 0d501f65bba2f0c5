"""Rewrite an official checkpoint of a known family with our names, or one of ours with official names.

python tools/convert_checkpoint.py mae_pretrain_vit_base.pth mae_vit-base.pth --from mae
python tools/convert_checkpoint.py work_dirs/tec/epoch_300.pth tec_official.pth --to tec
python tools/convert_checkpoint.py work_dirs/mae-priv/epoch_400.pth mae_official.pth --to mae
python tools/convert_checkpoint.py mae_official.pth mae-priv.pth --channel-first
python tools/convert_checkpoint.py dino_deitsmall16_pretrain.pth dino_vit-small.pth --from dino
python tools/convert_checkpoint.py dino_r18_sslight.pth.tar dino_resnet18_teacher.pth --weights teacher
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from sslrecipes.checkpoint.conversion.convert import Conversion, convert_file
from sslrecipes.checkpoint.conversion.keymaps import KEYMAPS
from sslrecipes.errors import exit_on_user_error
from sslrecipes.paths.user_paths import user_path


@exit_on_user_error
def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line and convert one file."""
    families = ('ours', *KEYMAPS)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('source', type=user_path, help='file or http(s) address')
    parser.add_argument('target', type=user_path, help='new file: .safetensors for the bare weights, else a torch file')
    parser.add_argument('--from', dest='family', choices=families, help='what the source must be (default: detected)')
    parser.add_argument('--to', choices=families, default='ours', help='names of the new file (default: ours)')
    parser.add_argument('--weights', help='entry or network of the source to take, such as "teacher"')
    parser.add_argument(
        '--channel-first', action='store_true', help='make a pre-training of MAE one of MAEPriv, in its order of pixels'
    )
    args = parser.parse_args(argv)
    if args.channel_first and (args.to != 'ours' or args.family not in (None, 'mae')):
        parser.error('--channel-first is for files of family mae that become ours')

    result = _convert(args)
    print(f'Wrote {args.target}.' + (f' Left out: {", ".join(result.left_out)}.' if result.left_out else ''))
    print(*result.notes, sep='\n', end='\n' if result.notes else '')


def _convert(args: argparse.Namespace) -> Conversion:
    if args.channel_first:
        from sslrecipes.export.official_mae import convert_from_mae

        return convert_from_mae(args.source, args.target, weights=args.weights)
    if args.to == 'mae':
        from sslrecipes.export.official_mae import convert_to_mae

        return convert_to_mae(args.source, args.target, family=args.family, weights=args.weights)
    return Conversion(convert_file(args.source, args.target, to=args.to, family=args.family, weights=args.weights))


if __name__ == '__main__':
    main()
