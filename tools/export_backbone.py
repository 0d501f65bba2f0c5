"""Write the bare backbone of a training checkpoint, TEC's MLP token baked in.

python tools/export_backbone.py work_dirs/tec/epoch_300.pth tec_vit-base.safetensors
python tools/export_backbone.py work_dirs/tec/epoch_300.pth tec_vitb_300ep.pth --format official
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from sslrecipes.checkpoint.export import FORMATS, export_backbone
from sslrecipes.errors import exit_on_user_error


@exit_on_user_error
def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line and export one backbone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('checkpoint', help='training checkpoint or official file')
    parser.add_argument('out', help='new file')
    parser.add_argument('--format', choices=FORMATS, help='default: by the suffix of OUT')
    parser.add_argument('--prefix', default='backbone.', help='sub-network to write (default: backbone.)')
    parser.add_argument('--no-final-norm', action='store_true', help='leave out the final norm (ln1)')
    parser.add_argument('--weights', help='entry of the checkpoint to take, such as "teacher"')
    args = parser.parse_args(argv)

    report = export_backbone(
        args.checkpoint,
        args.out,
        prefix=args.prefix,
        file_format=args.format,
        final_norm=not args.no_final_norm,
        weights=args.weights,
    )
    print(report.summary())


if __name__ == '__main__':
    main()
