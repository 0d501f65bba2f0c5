"""Going back to the weights of the newest checkpoint, but not to its position."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.run_schema import read_run_meta
from sslrecipes.distributed.control import from_main_process
from sslrecipes.engine.restart.state import restore_state
from sslrecipes.errors import RunError


def roll_back(runner: Any, reason: str) -> Path:
    """Take weights, buffers and the optimizer's state from the newest good checkpoint; collective.

    Learning rates and other options of the optimizer are those of the present position.

    Args:
        runner: The runner.
        reason: First sentence of the error.

    Returns:
        The checkpoint.

    Raises:
        RunError: If there is no checkpoint of an earlier position.
    """
    runner.wait_for_writing()
    path = from_main_process(lambda: runner.store.newest_good(check=read_run_meta)[0])
    checkpoint = read_checkpoint(path, sealed=True) if path else None
    if checkpoint is None or checkpoint['meta']['iter'] > runner.iter:
        raise RunError(f'{reason} There is no earlier checkpoint to go back to.')
    options = [dict(group, params=None) for group in runner.optim_wrapper.param_groups]
    _resume, runner._resume = runner._resume, True  # or EMAHook would take its averages for the weights
    runner.call_hook('after_load_checkpoint', checkpoint=checkpoint)
    runner._resume = _resume
    restore_state(runner, checkpoint, str(path))
    for group, option in zip(runner.optim_wrapper.param_groups, options, strict=True):
        group.update(option, params=group['params'])
    return Path(path)
