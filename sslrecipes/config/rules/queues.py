"""Queues of embeddings, which are filled batch by batch."""

from __future__ import annotations

#: Share of the queries above which stale positives are worth a word.
MANY_STALE = 0.05


def stale_positives(length: int, images: int) -> float:
    """Share of the queries that meet the key of their own image of the epoch before among the negatives.

    Each epoch is shuffled anew, so that the age of that key, in images, is the sum of two parts of an epoch.

    Args:
        length: Keys of the queue.
        images: Of the data set, or the keys that these add in an epoch.
    """
    epochs = length / images
    return epochs**2 / 2 if epochs <= 1 else 1 - max(2 - epochs, 0) ** 2 / 2


def many_stale_positives(
    name: str, length: int, images: int, batch: int, least: int | None = None, keys_per_image: int = 1
) -> str | None:
    """A queue is so large a part of the data set that many positives count as negatives.

    Args:
        name: The option that says its length.
        length: Its value.
        images: Of the data set.
        batch: Keys of a batch of all processes, of which the queue holds whole ones.
        least: Keys of an optimizer step, which it holds at least, if these are more.
        keys_per_image: Keys that each image adds in one step.
    """
    keys = images * keys_per_image
    share = stale_positives(length, keys)
    if share <= MANY_STALE:
        return None
    held = 'keys' if keys_per_image == 1 else f'keys, {keys_per_image} of each image,'
    return (
        f'{name}={length} {held} are {length / keys:.0%} of the {images} training images: {share:.0%} of the queries '
        'meet the key that their own image had an epoch ago, which counts as a negative. '
        + _ways_out(name, length, keys, batch, least or batch)
    )


def _ways_out(name: str, length: int, keys: int, batch: int, least: int) -> str:
    """What leaves fewer: a quarter of an epoch's keys in whole batches, unless the queue is as short already."""
    shorter = max(keys // 4 // batch * batch, least)
    if shorter >= length:
        return 'It can hardly be shorter: a method without a queue has none.'
    return f'{name}={shorter} would leave {stale_positives(shorter, keys):.0%}; a method without a queue, none.'


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
