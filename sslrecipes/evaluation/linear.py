"""Linear probes on given features: several learning rates in one pass."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from mmengine.dist import get_rank, get_world_size
from torch import Tensor, nn

from sslrecipes.config.rules import refuse_bad_values
from sslrecipes.config.rules.evaluation import PROBE
from sslrecipes.distributed.control import from_every_process, working_apart
from sslrecipes.errors import ConfigError, did_you_mean
from sslrecipes.evaluation.features import Features
from sslrecipes.evaluation.metrics import classification_scores

#: Makes an iterable of epochs from their sequence.
EpochProgress = Callable[[range], Iterable[int]]


@dataclass(frozen=True)
class ProbeSettings:
    """How linear probes are trained.

    Attributes:
        lrs: Initial learning rates, one probe each; each falls to 0 along half a cosine.
        epochs: Passes over the training features.
        batch_size: Features per step; an incomplete last batch is left out.
        momentum: Of SGD.
        weight_decay: L2 penalty of the weights, not of the biases.
        with_bn: Normalise the features by a BatchNorm without affine (eps 1e-6, as MAE's linear probe) whose running
            statistics are the mean over all steps.
        init_std: Standard deviation of the initial weights, which all probes share.
        seed: Of the initial weights and the order of samples.
    """

    lrs: tuple[float, ...] = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
    epochs: int = 100
    batch_size: int = 256
    momentum: float = 0.9
    weight_decay: float = 0.0
    with_bn: bool = True
    init_std: float = 0.01
    seed: int = 0

    @classmethod
    def of(cls, options: dict[str, Any] | None) -> ProbeSettings | None:
        """Read them from a config, where ``lrs`` may be one number; None, for no probe, stays None.

        Raises:
            ConfigError: For an unknown option, or a value that makes no sense.
        """
        for name in options or {}:
            if name not in cls.__dataclass_fields__:
                hint = did_you_mean(name, list(cls.__dataclass_fields__))
                raise ConfigError(f'A linear probe has no option "{name}".{hint}')
        if options is None:
            return None
        lrs = options.get('lrs', cls.lrs)
        return cls(**{**options, 'lrs': tuple(lrs) if isinstance(lrs, (list, tuple)) else (lrs,)})

    def __post_init__(self) -> None:
        if not self.lrs or min(self.lrs) <= 0:
            raise ConfigError(f'Linear probes need at least one learning rate, all positive; got lrs={self.lrs}.')
        refuse_bad_values('linear', vars(self), PROBE)
        if self.with_bn and self.batch_size == 1:
            raise ConfigError(
                'Linear probes can not normalise a batch of one: set batch_size of 2 or more, or with_bn=False.'
            )


@dataclass(frozen=True)
class ProbeResult:
    """Accuracies in % of the probes, one per learning rate.

    Attributes:
        lrs: Learning rates.
        scores: For each of them ``top1``, ``top5`` and ``balanced``.
    """

    lrs: tuple[float, ...]
    scores: tuple[dict[str, float], ...]

    @property
    def best(self) -> tuple[float, dict[str, float]]:
        """Learning rate and accuracies of the highest top-1, **selected on the data they are reported for**."""
        return max(zip(self.lrs, self.scores, strict=True), key=lambda entry: entry[1]['top1'])


class StackedProbes(nn.Module):
    """H linear classifiers whose logits come from one matrix product.

    Args:
        num_probes: H.
        in_channels: C.
        num_classes: K.
        with_bn: Put a shared BatchNorm without affine in front.
    """

    def __init__(self, num_probes: int, in_channels: int, num_classes: int, with_bn: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(num_probes, num_classes, in_channels))
        self.bias = nn.Parameter(torch.zeros(num_probes, num_classes))
        # features are fixed, so a mean over all steps serves best: the buffers' initial values don't count
        norm = nn.BatchNorm1d(in_channels, eps=1e-6, momentum=None, affine=False)
        self.norm = norm if with_bn else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Logits ``(B, H, K)`` of features ``(B, C)``."""
        logits = F.linear(self.norm(x), self.weight.flatten(0, 1), self.bias.flatten())
        return logits.view(len(x), *self.bias.shape)

    def loss(self, x: Tensor, y: Tensor) -> Tensor:
        """Sum over the probes of their mean cross-entropy for features ``(B, C)`` of classes ``(B,)``."""
        logits = self(x)
        labels = y[:, None].expand(logits.shape[:2])
        return F.cross_entropy(logits.flatten(0, 1), labels.flatten()) * logits.shape[1]


def fit_linear_probes(
    train: Features,
    val: Features,
    settings: ProbeSettings,
    num_classes: int | None = None,
    device: torch.device | str = 'cpu',
    watch: EpochProgress = iter,
) -> ProbeResult:
    """Train one linear classifier per learning rate on the same features in the same order, and score each.

    The probes don't influence each other: each ends where it would end alone (up to rounding of the matrix products).

    Args:
        train: Features to train on.
        val: Features to report on.
        settings: How to train.
        num_classes: Number of classes; by default the largest label plus one.
        device: Where to train; the training features must fit there.
        watch: Makes the iterable of epochs from their sequence: the place for progress bars.

    Example:
        >>> y = torch.arange(2).repeat(8)
        >>> features = Features(y[:, None] * 2.0 - 1, y)
        >>> fit_linear_probes(features, features, ProbeSettings(lrs=(0.1,), epochs=2)).best[1]['top1']
        100.0
    """
    num_classes = num_classes or int(max(train.y.max(), val.y.max())) + 1
    probes = train_probes(Features(train.x.to(device), train.y.to(device)), settings, num_classes, watch)
    with torch.no_grad():
        logits = (probes(rows.to(device)) for rows in torch.split(val.x, 4096))
        best = torch.cat([batch.topk(min(5, num_classes), dim=2).indices.cpu() for batch in logits])
    scores = tuple(classification_scores(best[:, probe], val.y) for probe in range(len(settings.lrs)))
    return ProbeResult(tuple(settings.lrs), scores)


def linear_scores(
    train: Features,
    val: Features,
    settings: ProbeSettings,
    device: torch.device | str = 'cpu',
    watch: EpochProgress = iter,
) -> dict[str, float]:
    """Accuracies of the best probe: ``top1``, ``top5``, ``balanced`` in % and its ``lr``.

    Processes share the learning rates; every process must call it. See :attr:`ProbeResult.best` for the caveat about
    the choice of the learning rate.
    """
    lrs = settings.lrs[get_rank() :: get_world_size()]
    own: tuple[dict[str, float], ...] = ()
    with working_apart():
        if lrs:
            own = fit_linear_probes(train, val, replace(settings, lrs=lrs), device=device, watch=watch).scores
    shares = from_every_process(own)
    scores = [shares[index % len(shares)][index // len(shares)] for index in range(len(settings.lrs))]
    lr, best = ProbeResult(tuple(settings.lrs), tuple(scores)).best
    return {**best, 'lr': lr}


@torch.enable_grad()
def train_probes(
    train: Features, settings: ProbeSettings, num_classes: int, watch: EpochProgress = iter
) -> StackedProbes:
    """Train the probes by SGD with momentum where the features are; returns them in eval mode."""
    device = train.x.device
    generator = torch.Generator().manual_seed(settings.seed)
    probes = StackedProbes(len(settings.lrs), train.x.shape[1], num_classes, settings.with_bn).to(device)
    start = nn.init.trunc_normal_(torch.empty(probes.weight.shape[1:]), std=settings.init_std, generator=generator)
    probes.weight.data.copy_(start)
    velocity = torch.zeros_like(probes.weight), torch.zeros_like(probes.bias)
    batch_size = min(settings.batch_size, len(train.x))
    batches = len(train.x) // batch_size
    lrs = torch.tensor(settings.lrs, device=device)
    for epoch in watch(range(settings.epochs)):
        order = torch.randperm(len(train.x), generator=generator).to(device)
        for batch in range(batches):
            rows = order[batch * batch_size :][:batch_size]
            loss = probes.loss(train.x[rows], train.y[rows])
            decay = 0.5 * (1 + math.cos(math.pi * (epoch * batches + batch) / (settings.epochs * batches)))
            _sgd_step(probes, velocity, loss, lrs * decay, settings)
    return probes.eval()


def _sgd_step(
    probes: StackedProbes, velocity: tuple[Tensor, Tensor], loss: Tensor, lrs: Tensor, settings: ProbeSettings
) -> None:
    """One step of SGD in which probe ``h`` moves with learning rate ``lrs[h]``."""
    weight_grad, bias_grad = torch.autograd.grad(loss, (probes.weight, probes.bias))
    weight, bias = probes.weight.data, probes.bias.data
    velocity[0].mul_(settings.momentum).add_(weight_grad).add_(weight, alpha=settings.weight_decay)
    velocity[1].mul_(settings.momentum).add_(bias_grad)
    weight.sub_(lrs[:, None, None] * velocity[0])
    bias.sub_(lrs[:, None] * velocity[1])
