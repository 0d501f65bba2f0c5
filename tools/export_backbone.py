"""Write the bare backbone of a training checkpoint, TEC's MLP token baked in, for this and for other programs.

python tools/export_backbone.py work_dirs/tec/epoch_300.pth tec_vit-base.safetensors
python tools/export_backbone.py work_dirs/tec/epoch_300.pth tec_vitb_300ep.pth --format official
python tools/export_backbone.py work_dirs/tec/epoch_300.pth tec_vit-base_timm.safetensors --format timm

The formats timm, torchvision, detectron2, huggingface (a folder in timm's layout), transformers (a folder for its
ViTModel) and onnx are checked: the network of that program must give the same features of two photographs, or nothing
is written.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from sslrecipes.checkpoint.conversion.suffixes import named_format
from sslrecipes.errors import ConfigError, exit_on_user_error
from sslrecipes.export.backbone import FORMATS, ExportReport, export_backbone
from sslrecipes.paths.user_paths import user_path

CHECKED_FORMATS = ('timm', 'torchvision', 'detectron2', 'huggingface', 'transformers', 'onnx')


@exit_on_user_error
def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line and export one backbone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('checkpoint', type=user_path, help='training checkpoint or official file')
    parser.add_argument('out', type=user_path, help='new file; for huggingface and transformers a new folder')
    parser.add_argument(
        '--format',
        choices=(*FORMATS, *CHECKED_FORMATS),
        help='default: by the suffix of OUT: .safetensors, .pth, .onnx',
    )
    parser.add_argument('--prefix', default='backbone.', help='sub-network to write (default: backbone.)')
    parser.add_argument('--no-final-norm', action='store_true', help='leave out the final norm (ln1)')
    parser.add_argument('--weights', help='entry of the checkpoint to take, such as "teacher"')
    parser.add_argument('--heads', type=int, help="attention heads of a ViT (default: the run's, else width / 64)")
    parser.add_argument('--add-prefix', default='', help="what the new names begin with, such as 'backbone.'")
    print(_export(parser.parse_args(argv)).summary())


def _export(args: argparse.Namespace) -> ExportReport:
    options = dict(prefix=args.prefix, final_norm=not args.no_final_norm, weights=args.weights, heads=args.heads)
    file_format = args.format or named_format(args.out)
    if file_format not in CHECKED_FORMATS:
        return export_backbone(
            args.checkpoint, args.out, file_format=file_format, add_prefix=args.add_prefix, **options
        )
    if args.add_prefix:
        raise ConfigError(f'The format {file_format} has names of its own: leave out --add-prefix.')
    from sslrecipes.export import export_checked

    return export_checked(args.checkpoint, args.out, file_format, **options)


if __name__ == '__main__':
    main()
