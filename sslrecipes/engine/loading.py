"""The weights of a whole model, from a file into the model of a runner."""

from __future__ import annotations

from typing import Any

from sslrecipes.checkpoint.conversion.convert import our_weights
from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.hints import method_of, of_another_method
from sslrecipes.checkpoint.loading import load_state
from sslrecipes.checkpoint.meta import meta_of
from sslrecipes.checkpoint.stated import facts_of
from sslrecipes.checkpoint.used_alike import check_used_alike
from sslrecipes.engine.class_count import check_learnt_classes
from sslrecipes.errors import CheckpointError
from sslrecipes.models.methods.multi_crop_method import MultiCropMethod
from sslrecipes.models.utils.wrapping import unwrapped


def load_model(runner: Any, filename: str, map_location: Any, picture_size: int | None) -> dict[str, Any]:
    """Read a checkpoint, look whether it is of this model, and fill the model with it.

    Args:
        runner: The runner.
        filename: File or address.
        map_location: Where its tensors go.
        picture_size: Side of the pictures of the phase at hand, if it is known.

    Returns:
        The checkpoint.

    Raises:
        UserError: See :meth:`sslrecipes.engine.runner.SSLRunner.load_checkpoint`.
    """
    checkpoint = read_checkpoint(filename, map_location=map_location)
    check_learnt_classes(runner, checkpoint)
    runner.call_hook('after_load_checkpoint', checkpoint=checkpoint)
    model, source = unwrapped(runner.model), str(filename)
    state = our_weights(checkpoint, source)
    check_used_alike(model, facts_of(meta_of(checkpoint)), source, picture_size=picture_size)
    ours = method_of(model.state_dict()) or type(model).__name__
    if isinstance(model, MultiCropMethod) and (sentence := of_another_method(state, ours)):
        raise CheckpointError(f'"{source}": {sentence}', 'load_from')
    take_over: Any = getattr(model, 'from_earlier_stage', None)
    if take_over is not None:
        state = take_over(state)
    load_state(model, state, source=source, allow_partial=runner.cfg.get('allow_partial', False))
    return checkpoint
