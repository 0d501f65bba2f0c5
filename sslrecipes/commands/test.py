"""What ``tools/test.py`` does with a resolved config."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.dist import master_only
from rich.console import Console

from sslrecipes.checkpoint.files.writing import write_atomic
from sslrecipes.commands.culprits import told
from sslrecipes.commands.launch import build_runner
from sslrecipes.commands.untrained_row import beside_untrained, prepare_untrained
from sslrecipes.distributed.joining import leaving_process_group
from sslrecipes.errors import ConfigError


def test(cfg: Config, checkpoint: str | None = None, out: str | None = None, untrained: bool = False) -> dict[str, Any]:
    """Check, build and evaluate; without ``checkpoint`` the model initialises itself as its config says.

    Args:
        cfg: Resolved config.
        checkpoint: Weights of the whole model.
        out: JSON file for the metrics.
        untrained: Whether frozen features of the untrained network are evaluated, too, and printed beside.

    Returns:
        The metrics, those of the untrained network with the prefix ``untrained/``.
    """
    if checkpoint:
        cfg.load_from = checkpoint
    if not cfg.get('test_dataloader'):
        raise ConfigError(f'"{cfg.filename}" has no test_dataloader: give a config that evaluates.')
    with leaving_process_group(), told(cfg):
        runner = build_runner(cfg, 'test', needs_weights=checkpoint is None)
        if not cfg.get('load_from'):
            runner._init_model_weights()
            prepare_untrained(runner)
        metrics: dict[str, Any] = runner.test()
        if untrained:
            metrics |= beside_untrained(Console(), runner, metrics)
    if out:
        _write_metrics(Path(out), metrics)
    return metrics


@master_only
def _write_metrics(path: Path, metrics: dict[str, Any]) -> None:
    text = json.dumps(metrics, indent=2) + '\n'
    write_atomic(path, lambda file: file.write_text(text))
