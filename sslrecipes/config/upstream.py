"""Recipes of the parent packages: our classes in the place of those of mmengine and mmpretrain that run a training.

Names inside models, data sets and pipelines keep their meaning; only what a run's guarantees rest on is exchanged: the
loop, the optimizer wrapper, some hooks, endless samplers, the loading of weights. A config that is wholly of this
package (our scope, nothing inherited from another package) says what it means, and is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from sslrecipes.config.places import walk
from sslrecipes.config.upstream_hooks import CHECKPOINT, KEPT_IN_THE_PROCESS, OUR_HOOKS, our_checkpoint_options
from sslrecipes.config.validation.iterations import unreached_ends

OURS = 'sslrecipes'
WRAPPERS = ('OptimWrapper', 'AmpOptimWrapper')
OUR_LOOPS = {'EpochBasedTrainLoop': 'SSLTrainLoop', 'IterBasedTrainLoop': 'SSLIterTrainLoop'}
#: Data sets that have one of ours with the same name and arguments: it may have fewer classes where none counts.
OUR_DATASETS = ('ImageNet',)
#: Parts of models that have one of ours with the same name and arguments.
OUR_PARTS = ('HOGGenerator',)
#: What mmengine's runner makes of ``by_epoch``.
LOOP_OF_UNIT = {True: 'EpochBasedTrainLoop', False: 'IterBasedTrainLoop'}
#: The parts of a config that can come from another package.
ROOTS = (
    *('train_cfg', 'optim_wrapper', 'param_scheduler', 'default_hooks', 'custom_hooks', 'train_dataloader'),
    *('model', 'data_preprocessor', 'val_dataloader', 'test_dataloader'),
)
NOT_RESTARTED = 'such a loop cannot be left and entered again exactly, so the run can not be resumed'
NOT_GUARDED = 'losses and gradients that are not finite are not looked for'
#: Methods of mmpretrain whose forward pass moves a momentum network or a queue.
MOVE_IN_FORWARD = ('BYOL', 'CAE', 'DenseCL', 'MoCo', 'MoCoV3', 'SwAV')

Part = MutableMapping[str, Any]


@dataclass
class Adoption:
    """What became of a recipe of another package.

    Attributes:
        classes: ``place its class -> ours``.
        notes: Sentences about guarantees that are lost, and options that have no meaning here.
    """

    classes: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def replaced(self) -> list[str]:
        """One line that names all classes of ours; none if there are none."""
        return [f'In the place of classes of other packages: {", ".join(self.classes)}.'] if self.classes else []


def is_upstream(cfg: Any) -> bool:
    """Whether a config is a recipe of another package, or inherits from one."""
    if cfg.get('default_scope', OURS) != OURS:
        return True
    nodes = (node for root in ROOTS for _, node in walk(cfg.get(root)) if isinstance(node, MutableMapping))
    return any(node.get('_scope_', OURS) != OURS for node in nodes)


def adopt(cfg: Any) -> Adoption:
    """Put our classes in the place of mmengine's and mmpretrain's, in ``cfg`` itself; a second time changes nothing.

    Args:
        cfg: Resolved config.
    """
    done = Adoption()
    if is_upstream(cfg):
        scope = cfg.get('default_scope', OURS)
        _adopt_wrapper(cfg, scope, done)
        if _adopt_loop(cfg, scope, done):
            _adopt_checkpoints(cfg, scope, done)
            _end_epochs(cfg, done)
        _adopt_hooks(cfg, scope, done)
        _adopt_loaders(cfg, scope, done)
        _adopt_model(cfg, scope, done)
        _look_at_accumulation(cfg, done)
        done.notes += [sentence for sentence, _, inherited in unreached_ends(cfg) if inherited]
    return done


def adopted(cfg: Any) -> Any:
    """A copy of ``cfg`` after :func:`adopt`."""
    cfg = deepcopy(cfg)
    adopt(cfg)
    return cfg


def _parse(name: Any, part: Part, scope: str) -> tuple[str, str]:
    """Scope and bare name of what ``part`` configures, as the builders find them."""
    own, _, bare = str(name).rpartition('.')
    return own or part.get('_scope_', scope), bare


def _replace(part: Part, place: str, name: str, ours: str, done: Adoption, same_scope: bool = False) -> None:
    """Let ``part`` configure ours; what is in it is looked up in the config's scope then, or in the same as before."""
    part['type'] = f'{OURS}.{ours}'
    if not same_scope:
        part.pop('_scope_', None)
    done.classes.append(f'{place} {name} -> {OURS}.{ours}')


def _adopt_loop(cfg: Any, scope: str, done: Adoption) -> bool:
    """Exchange the training loop; whether the run restarts exactly."""
    loop = cfg.get('train_cfg')
    if not loop:
        return False
    of, name = _parse(loop.get('type') or LOOP_OF_UNIT.get(loop.get('by_epoch')), loop, scope)
    if name in OUR_LOOPS:
        loop.pop('by_epoch', None)
        _replace(loop, 'train_cfg', name, OUR_LOOPS[name], done)
    elif of != OURS:
        done.notes.append(f'train_cfg.type is {name}: {NOT_RESTARTED}.')
        return False
    return True


def _adopt_wrapper(cfg: Any, scope: str, done: Adoption) -> None:
    """Exchange the optimizer wrapper, or do without the guard that needs ours."""
    wrapper = cfg.get('optim_wrapper')
    if not wrapper:
        return
    of, name = _parse(wrapper.get('type', 'OptimWrapper'), wrapper, scope)
    if of == OURS:
        return
    if name not in WRAPPERS:
        done.notes.append(f'optim_wrapper.type is {name}: {NOT_GUARDED}.')
        _default_hooks(cfg)['nonfinite'] = None
        return
    around = wrapper.get('_scope_', scope)
    if around != scope:  # bare names inside mean that package's
        for part, key in ((wrapper, 'constructor'), (wrapper.get('optimizer'), 'type')):
            if part and isinstance(part.get(key), str) and '.' not in part[key]:
                part[key] = f'{around}.{part[key]}'
    if name == 'AmpOptimWrapper':
        wrapper.setdefault('dtype', None)
        if wrapper.pop('use_fsdp', False):
            done.notes.append('optim_wrapper.use_fsdp has no meaning here: weights are not sharded.')
    _replace(wrapper, 'optim_wrapper', name, name, done)


def _adopt_checkpoints(cfg: Any, scope: str, done: Adoption) -> None:
    """Exchange the hook that writes checkpoints, also the one that mmengine adds where none is named."""
    hooks = _default_hooks(cfg)
    if 'checkpoint' not in hooks:
        hooks['checkpoint'] = {'type': CHECKPOINT}
    hook = hooks['checkpoint']
    if isinstance(hook, MutableMapping) and _parse(hook.get('type'), hook, scope)[0] != OURS:
        options, notes = our_checkpoint_options(hook, 'default_hooks.checkpoint')
        hook.clear()
        hook.update(options)
        done.notes += notes
        _replace(hook, 'default_hooks.checkpoint', CHECKPOINT, CHECKPOINT, done)


def _default_hooks(cfg: Any) -> Part:
    """The dict of default hooks in ``cfg`` itself, which copies what is put into it."""
    if not cfg.get('default_hooks'):
        cfg['default_hooks'] = {}
    hooks: Part = cfg['default_hooks']
    return hooks


def _adopt_hooks(cfg: Any, scope: str, done: Adoption) -> None:
    """Exchange the hooks whose state no checkpoint would hold, and name those for which there is none of ours."""
    for place, hook in _hooks(cfg):
        of, name = _parse(hook.get('type'), hook, scope)
        if of != OURS and name in OUR_HOOKS:
            _replace(hook, place, name, name, done)
        elif of != OURS and name in KEPT_IN_THE_PROCESS:
            done.notes.append(f'{place}: {KEPT_IN_THE_PROCESS[name]}.')


def _hooks(cfg: Any) -> Iterator[tuple[str, Part]]:
    named = (cfg.get('default_hooks') or {}).items()
    several = enumerate(cfg.get('custom_hooks') or ())
    places = [*((f'default_hooks.{name}', hook) for name, hook in named),
              *((f'custom_hooks[{index}]', hook) for index, hook in several)]  # fmt: skip
    return ((place, hook) for place, hook in places if isinstance(hook, MutableMapping))


def _end_epochs(cfg: Any, done: Adoption) -> None:
    """Exchange an endless sampler, in which there is no place to go on from."""
    sampler = (cfg.get('train_dataloader') or {}).get('sampler')
    if isinstance(sampler, MutableMapping) and _parse(sampler.get('type'), sampler, '')[1] == 'InfiniteSampler':
        sampler['type'] = 'DefaultSampler'
        done.classes.append('train_dataloader.sampler InfiniteSampler -> DefaultSampler')


def _adopt_loaders(cfg: Any, scope: str, done: Adoption) -> None:
    """Exchange data sets of which we have one; without workers, what the recipe says of their life means nothing."""
    for key in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        loader = cfg.get(key) or {}
        if not loader.get('num_workers') and loader.pop('persistent_workers', False):
            done.notes.append(f'{key}.persistent_workers=True means nothing with num_workers=0: left out.')
        for place, node in walk(loader.get('dataset'), f'{key}.dataset'):
            named = isinstance(node, MutableMapping) and node.get('type') in OUR_DATASETS
            if named and node.get('_scope_', scope) != OURS:
                _replace(node, place, node['type'], node['type'], done, same_scope=True)


def _adopt_model(cfg: Any, scope: str, done: Adoption) -> None:
    """Load weights whole or not at all, and mend what mixed precision on CPUs breaks.

    ``Pretrained`` must stay a bare name, by which mmengine recognises it.
    """
    scope = (cfg.get('model') or {}).get('_scope_', scope)
    for place, node in walk(cfg.get('model'), 'model'):
        if not isinstance(node, MutableMapping) or _parse(node.get('type'), node, scope)[0] == OURS:
            continue
        if place.endswith('init_cfg') and node.get('type') == 'Pretrained':
            node['_scope_'] = OURS
            done.classes.append(f'{place} Pretrained -> {OURS}.Pretrained')
        elif node.get('type') in OUR_PARTS:
            _replace(node, place, node['type'], node['type'], done)


def _look_at_accumulation(cfg: Any, done: Adoption) -> None:
    """Say that accumulated micro-batches aren't a larger batch for methods that move with each of them."""
    counts = (cfg.get('optim_wrapper') or {}).get('accumulative_counts', 1)
    method = (cfg.get('model') or {}).get('type')
    if counts != 1 and method in MOVE_IN_FORWARD:
        done.notes.append(
            f'{method} of mmpretrain moves its momentum network or queue with each of the {counts} micro-batches of a '
            'step, so this is another run than one with the larger batch.'
        )
