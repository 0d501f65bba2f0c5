"""Queues of embeddings, which are filled batch by batch."""

from __future__ import annotations


def torn_batches(name: str, length: int, batch: int, processes: int | None = None) -> str | None:
    """A queue doesn't hold whole batches of all processes.

    Args:
        name: The option that says its length.
        length: Its value.
        batch: Images of a process.
        processes: How many there are; None if nobody knows yet.
    """
    images = batch * (processes or 1)
    if length % images == 0:
        return None
    if processes is None:
        return f'{name}={length} must be a multiple of the batch size {batch}.'
    return (
        f'{name}={length} must be a multiple of every batch, but there are some of {images} images over all processes: '
        'change it, or set train_dataloader.drop_last=True if the last one differs.'
    )


def shorter_than_a_step(
    name: str, length: int, batch: int, micro_batches: int, processes: int = 1, may_be_none: bool = False
) -> str | None:
    """A queue doesn't hold the images of an optimizer step.

    Args:
        name: The option that says its length.
        length: Its value.
        batch: Images of a process in a micro-batch.
        micro_batches: Of an optimizer step.
        processes: How many there are.
        may_be_none: Whether the method does without a queue.
    """
    if length >= batch * micro_batches * processes or (may_be_none and not length):
        return None
    way_out = ', or 0 for no queue' if may_be_none else ''
    return (
        f'{name}={length} is less than the {processes} x {batch} x {micro_batches} images of an optimizer step: make '
        f'it at least as long{way_out}.'
    )
