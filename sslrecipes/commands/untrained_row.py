"""The untrained network's figures beside those of a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from mmengine.dist import broadcast_object_list, is_main_process
from rich.console import Console

from sslrecipes.engine.knn_loop import KNNLoop
from sslrecipes.evaluation.chance import in_words, standard_error
from sslrecipes.evaluation.untrained import loads_weights, measure_statistics, untrained_network
from sslrecipes.models.utils.wrapping import unwrapped
from sslrecipes.visualization.tables import number, print_table

#: The row of k-NN tables, and the prefix of metrics.
UNTRAINED = 'untrained'


def untrained_metrics(runner: Any) -> dict[str, float]:
    """Evaluate the untrained network of the runner's config by its test loop, a ``KNNLoop``.

    Features are extracted, or found in the loop's cache, as those of any other network. Every process must call it.
    """
    loop: KNNLoop = runner.test_loop
    seed = [runner.seed]
    broadcast_object_list(seed)  # with diff_rank_seed each process has its own
    network = untrained_network(runner.cfg, seed[0]).to(next(runner.model.parameters()).device)
    runner.logger.info('The same for the untrained network, for comparison.')
    measure_statistics(network, loop.bank)
    return loop.evaluate(network, partial(loop.logged, what='batches of images'))


def prepare_untrained(runner: Any) -> None:
    """Give batch norms statistics if a ``KNNLoop`` is about to evaluate a network of which nothing was loaded."""
    loop = runner.test_loop
    if isinstance(loop, KNNLoop) and not loads_weights(runner.cfg.model):
        measure_statistics(unwrapped(runner.model), loop.bank)


def beside_untrained(console: Console, runner: Any, metrics: Mapping[str, float]) -> dict[str, float]:
    """Evaluate the untrained network as well, if weights were loaded and frozen features evaluated, and print both.

    Args:
        console: Where to print.
        runner: The runner after its test.
        metrics: What the test returned.

    Returns:
        The untrained network's metrics, under names with the prefix ``untrained/``.
    """
    if not isinstance(runner.test_loop, KNNLoop):
        return {}
    if not runner.cfg.get('load_from') and not loads_weights(runner.cfg.model):
        runner.logger.info('These are the figures of the untrained network: no weights were loaded.')
        return {}
    untrained = untrained_metrics(runner)
    if is_main_process():
        _print(console, metrics, untrained, len(runner.test_loop.dataloader.dataset))
    return {f'{UNTRAINED}/{name}': value for name, value in untrained.items()}


def _print(console: Console, metrics: Mapping[str, float], untrained: Mapping[str, float], images: int) -> None:
    title = f'Frozen features: accuracy on {images:,} images, %, and two standard errors'
    columns = ('metric', 'weights', UNTRAINED, 'difference', '')
    rows = [
        (name, number(value, 2), number(untrained[name], 2), *_against(name, value, untrained[name], images))
        for name, value in metrics.items()
        if name != 'linear/lr'
    ]
    print_table(console, title, columns, rows)


def _against(name: str, accuracy: float, untrained: float, images: int) -> tuple[str, str]:
    """The difference and what it means; the error of a class-balanced accuracy rests with the rarest classes."""
    if '/balanced' in name:
        return f'{accuracy - untrained:+.2f}', ''
    error = 2 * standard_error(accuracy, untrained, images)
    return f'{accuracy - untrained:+.2f} ± {error:.2f}', in_words(accuracy, untrained, images)
