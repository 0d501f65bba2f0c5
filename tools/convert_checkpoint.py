"""Rewrite an official checkpoint of a known family with our names, or one of ours with official names.

python tools/convert_checkpoint.py mae_pretrain_vit_base.pth mae_vit-base.pth --from mae
python tools/convert_checkpoint.py work_dirs/tec/epoch_300.pth tec_official.pth --to tec
python tools/convert_checkpoint.py work_dirs/mae-priv/epoch_400.pth mae_official.pth --to mae
python tools/convert_checkpoint.py mae_official.pth mae-priv.pth --channel-first
python tools/convert_checkpoint.py dino_deitsmall16_pretrain.pth dino_vit-small.pth --from dino
python tools/convert_checkpoint.py simsiam_checkpoint_0099.pth.tar simsiam_resnet50.pth
python tools/convert_checkpoint.py vit-s-300ep.pth.tar mocov3_vit-small.pth
python tools/convert_checkpoint.py model_best.pth.tar cub200_resnet50.pth --from s3l-classifier
python tools/convert_checkpoint.py work_dirs/moco/epoch_200.pth moco_detectron2.pth --to detectron2
python tools/convert_checkpoint.py dino_r18_sslight.pth.tar dino_resnet18_teacher.pth --weights teacher

Names of families: ours; mae, mae-priv, ibot, tec, dino and others. A name that is none lists them all.
"""

import argparse
from collections.abc import Sequence

import sslrecipes  # noqa: F401  mends the OpenMMLab stack before anything else is imported
from sslrecipes.errors import exit_on_user_error
from sslrecipes.paths.user_paths import user_path


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('source', type=user_path, help='file or http(s) address')
    parser.add_argument('target', type=user_path, help='new file: .safetensors for the bare weights, else a torch file')
    parser.add_argument('--from', dest='family', help='family that the source must be of (default: detected)')
    parser.add_argument('--to', default='ours', help='family whose names the new file has (default: ours)')
    parser.add_argument('--weights', help='entry or network of the source to take, such as "teacher"')
    parser.add_argument(
        '--channel-first', action='store_true', help='make a pre-training of MAE one of MAEPriv, in its order of pixels'
    )
    return parser.parse_args(argv)


@exit_on_user_error
def main(argv: Sequence[str] | None = None) -> None:
    """Convert one file."""
    args = parse_args(argv)
    from sslrecipes.commands.convert_checkpoint import convert_checkpoint

    convert_checkpoint(**vars(args))


if __name__ == '__main__':
    main()
