"""Export to Hugging Face: a folder of weights, config and model card that timm loads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sslrecipes.checkpoint.backbone_arch import MobileNetV2Arch, ResNetArch, ViTArch
from sslrecipes.checkpoint.files.writing import save_safetensors
from sslrecipes.export.backbone import ExportReport, report
from sslrecipes.export.folder import new_folder
from sslrecipes.export.model_card import model_card
from sslrecipes.export.optional import require
from sslrecipes.export.source import Source
from sslrecipes.export.timm_format import check_timm, timm_model, timm_weights


def export_huggingface(source: Source, out: str | Path) -> ExportReport:
    """Write the folder ``out`` with ``model.safetensors``, ``config.json`` and ``README.md``, in timm's layout.

    ``transformers.ViTModel`` has another: :mod:`sslrecipes.export.transformers_format`.

    Raises:
        CheckpointError: timm has no such network, or its features differ from ours.
        ConfigError: timm isn't installed.
        StorageError: The folder exists and isn't empty, or can't be written.
    """
    timm = require('timm', 'An export for Hugging Face')
    out, state = Path(out).expanduser(), timm_weights(source)
    name, arguments = timm_model(source)
    with new_folder(out) as folder:
        save_safetensors(folder / 'model.safetensors', state, source.metadata)
        config = _config(source, name, arguments)
        (folder / 'config.json').write_text(json.dumps(config, indent=2) + '\n')
        checked = check_timm(source, timm.create_model(f'local-dir:{folder}', pretrained=True).eval())
        (folder / 'README.md').write_text(
            model_card(source, out.name, checked), encoding='utf-8', errors='backslashreplace'
        )
    return report(
        out,
        state,
        source.metadata,
        checked,
        f"load by: timm.create_model('local-dir:{out}', pretrained=True)",
        'the head: new, with num_classes=N',
        "the layout is timm's; for transformers.ViTModel write --format transformers",
    )


def _config(source: Source, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    first, classifier = _ends(source)
    size = source.image_size
    return {
        'architecture': name,
        'num_classes': 0,
        'model_args': arguments,
        'pretrained_cfg': {
            'input_size': [3, size, size],
            'fixed_input_size': isinstance(source.arch, ViTArch),
            'interpolation': 'bicubic',
            'crop_pct': 0.875,
            'mean': [value / 255 for value in source.mean],
            'std': [value / 255 for value in source.std],
            'num_classes': 0,
            'first_conv': first,
            'classifier': classifier,
        },
    }


def _ends(source: Source) -> tuple[str, str]:
    """Names in timm of the first convolution and of the classifier."""
    kinds = {ViTArch: ('patch_embed.proj', 'head'), ResNetArch: ('conv1', 'fc')}
    return {**kinds, MobileNetV2Arch: ('conv_stem', 'classifier')}[type(source.arch)]
