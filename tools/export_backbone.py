"""Write the bare backbone of a training checkpoint, TEC's MLP token baked in, for this and for other programs.

python tools/export_backbone.py work_dirs/tec/epoch_300.pth tec_vit-base.safetensors
python tools/export_backbone.py work_dirs/tec/epoch_300.pth tec_vitb_300ep.pth --format official
python tools/export_backbone.py work_dirs/tec/epoch_300.pth tec_vit-base_timm.safetensors --format timm

The formats timm, torchvision, detectron2, huggingface (a folder in timm's layout), transformers (a folder for its
ViTModel) and onnx are checked: the network of that program must give the same features of two photographs, or nothing
is written.
"""

import argparse
from collections.abc import Sequence

import sslrecipes  # noqa: F401  mends the OpenMMLab stack before anything else is imported
from sslrecipes.errors import exit_on_user_error
from sslrecipes.paths.user_paths import user_path


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('checkpoint', type=user_path, help='training checkpoint or official file')
    parser.add_argument('out', type=user_path, help='new file; for huggingface and transformers a new folder')
    parser.add_argument(
        '--format',
        dest='file_format',
        metavar='FORMAT',
        help='safetensors, pth, official, or one of the checked ones (default: by the suffix of OUT: .safetensors, '
        '.pth, .onnx)',
    )
    parser.add_argument('--prefix', default='backbone.', help='sub-network to write (default: backbone.)')
    parser.add_argument(
        '--no-final-norm', dest='final_norm', action='store_false', help='leave out the final norm (ln1)'
    )
    parser.add_argument('--weights', help='entry of the checkpoint to take, such as "teacher"')
    parser.add_argument('--heads', type=int, help="attention heads of a ViT (default: the run's, else width / 64)")
    parser.add_argument('--add-prefix', default='', help="what the new names begin with, such as 'backbone.'")
    return parser.parse_args(argv)


@exit_on_user_error
def main(argv: Sequence[str] | None = None) -> None:
    """Export one backbone."""
    args = parse_args(argv)
    from sslrecipes.commands.export_backbone import write_backbone

    write_backbone(**vars(args))


if __name__ == '__main__':
    main()
