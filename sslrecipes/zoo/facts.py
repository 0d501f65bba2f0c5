"""The facts of a recipe, derived from its resolved config: what a paper's table of settings would list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sslrecipes.config.schedules import schedule_of
from sslrecipes.zoo.architecture import architecture
from sslrecipes.zoo.naming import parse_name
from sslrecipes.zoo.transfer_facts import TRANSFER_FACTS, TRANSFER_PLACES, transfer_facts

Facts = dict[str, Any]

#: Facts that stand in the config as they are: name -> where.
_STATED = {
    'image_size': 'model.backbone.img_size',
    'patch_size': 'model.backbone.patch_size',
    'checkpoint': 'model.backbone.init_cfg.checkpoint',
    'stages': 'model.backbone.num_stages',
    'drop_path': 'model.backbone.drop_path_rate',
    'mask_ratio': 'model.backbone.mask_ratio',
    'class_token': 'model.backbone.with_cls_token',
    'batched_shuffle': 'model.backbone.batched_shuffle',
    'mlp_token': 'model.backbone.mlp_token',
    'decoder_width': 'model.neck.decoder_embed_dim',
    'decoder_depth': 'model.neck.decoder_depth',
    'norm_pix': 'model.head.norm_pix',
    'base': 'model.target_generator.checkpoint',
    'last_layers': 'model.target_generator.last_layers',
    'normalize_target': 'model.head.normalize_target',
    'relation': 'model.neck.relation',
    'topk': 'model.target_generator.topk',
    'temperature': 'model.head.relation_temperature',
    'loss_weights': 'model.head.loss_weights',
    'hidden_channels': 'model.neck.hidden_channels',
    'bottleneck_channels': 'model.neck.bottleneck_channels',
    'out_channels': 'model.neck.out_channels',
    'head_bn': 'model.neck.with_bn',
    'fixed_gain': 'model.neck.norm_last_layer',
    'frozen_last_layer_epochs': 'model.freeze_last_layer_epochs',
    'student_temperature': 'model.head.student_temp',
    'first_teacher_temperature': 'model.head.warmup_teacher_temp',
    'teacher_temperature': 'model.head.teacher_temp',
    'teacher_temperature_epochs': 'model.head.warmup_teacher_temp_epochs',
    'center_momentum': 'model.head.center_momentum',
    'first_ema_momentum': 'model.base_momentum',
    'final_ema_momentum': 'model.final_momentum',
    'ema_momentum': 'model.momentum',
    'key_view': 'model.key_view',
    'prototypes': 'model.neck.num_prototypes',
    'frozen_prototypes_epochs': 'model.freeze_prototypes_epochs',
    'loss_temperature': 'model.head.temperature',
    'loss_base_temperature': 'model.head.base_temperature',
    'gathered_negatives': 'model.head.gather',
    'predictor_channels': 'model.head.predictor.hidden_channels',
    'where_weight': 'model.head.where_weight',
    'what_weight': 'model.head.what_weight',
    'montage_shuffle': 'model.shuffle',
    'epsilon': 'model.head.epsilon',
    'sinkhorn_iterations': 'model.head.sinkhorn_iterations',
    'queue_length': 'model.head.queue_length',
    'queue_start_epoch': 'model.head.queue_start_epoch',
    'joint_probe_classes': 'model.probe.num_classes',
    'sync_bn': 'sync_bn',
    'pool': 'model.pool',
    'outputs': 'model.outputs',
    'final_norm': 'model.final_norm',
    'feature_norm': 'model.with_bn',
    'feature_norm_eps': 'model.bn_eps',
    'lr_scales': 'model.lr_scales',
    'label_smoothing': 'model.head.loss.label_smooth_val',
    'optimizer': 'optim_wrapper.optimizer.type',
    'lr': 'optim_wrapper.optimizer.lr',
    'betas': 'optim_wrapper.optimizer.betas',
    'momentum': 'optim_wrapper.optimizer.momentum',
    'nesterov': 'optim_wrapper.optimizer.nesterov',
    'weight_decay': 'optim_wrapper.optimizer.weight_decay',
    'adapt_without_decay': 'optim_wrapper.optimizer.adapt_without_decay',
    'no_decay_depthwise': 'optim_wrapper.paramwise_cfg.no_decay_depthwise',
    'layer_decay': 'optim_wrapper.paramwise_cfg.layer_decay',
    'amp': 'optim_wrapper.dtype',
    'epochs': 'train_cfg.max_epochs',
    'images': 'train_dataloader.dataset.subset',
    'neighbours': 'test_cfg.ks',
    'knn_temperature': 'test_cfg.temperature',
}

_TRAINED = 'train_dataloader.dataset.pipeline'
#: Transforms that make several views of an image.
_SEVERAL_VIEWS = ('MultiCrop', 'RegionCrops')
#: Facts that are one argument of an entry in a list: name -> (where the list is, type of the entry or types, argument).
_LISTED: dict[str, tuple[str, str | tuple[str, ...], str]] = {
    'mixup': ('model.train_cfg.augments', 'Mixup', 'alpha'),
    'cutmix': ('model.train_cfg.augments', 'CutMix', 'alpha'),
    'crop_scale': (_TRAINED, 'RandomResizedCrop', 'crop_ratio_range'),
    'crop_interpolation': (_TRAINED, 'RandomResizedCrop', 'interpolation'),
    'test_interpolation': ('test_dataloader.dataset.pipeline', 'ResizeEdge', 'interpolation'),
    'random_erasing': (_TRAINED, 'RandomErasing', 'erase_prob'),
    **{
        name: (_TRAINED, 'MultiCrop', name)
        for name in ('global_size', 'global_scale', 'num_locals', 'local_size', 'local_scale')
    },
    **{
        name: (_TRAINED, 'RegionCrops', name)
        for name in ('regions', 'overlap', 'montage_size', 'region_scale', 'flip_prob')
    },
    **{name: (_TRAINED, _SEVERAL_VIEWS, name) for name in ('jitter', 'blur', 'solarize')},
    'view_interpolation': (_TRAINED, _SEVERAL_VIEWS, 'interpolation'),
}

#: Facts that are one option of a schedule: name -> (what is scheduled, option).
_SCHEDULED = {
    'warmup_epochs': ('lr', 'warmup_epochs'),
    'min_lr': ('lr', 'min_lr'),
    'start_lr': ('lr', 'start'),
    'final_lr': ('lr', 'final'),
    'lr_per_epoch': ('lr', 'per_epoch'),
    'final_weight_decay': ('weight_decay', 'final'),
}

#: Facts that a card needn't state.
DETAILS = frozenset(('decoder_width', 'decoder_depth', 'crop_interpolation', 'test_interpolation'))

#: Names of all facts, in the order of :func:`facts`.
FACTS = tuple(dict.fromkeys(('arch', *_STATED, *_LISTED, *_SCHEDULED, 'effective_batch', 'base_lr', *TRANSFER_FACTS)))


def facts(cfg: Any, gpus: int | None = None) -> Facts:
    """Derive the facts of a recipe from its resolved config.

    Args:
        cfg: ``mmengine.Config`` with all ``_base_`` files merged.
        gpus: Number of processes. The file name's ``8xb256`` if not given, and 1 if the name has none.

    Returns:
        Those of :data:`FACTS` that apply. ``base_lr`` is the lr at batch 256 (linear scaling rule), which detectors and
        segmentors don't have.
    """
    found = {'arch': architecture(_lookup(cfg, 'model.backbone') or {})}
    found |= {name: as_written(_lookup(cfg, path)) for name, path in _STATED.items()}
    found |= {name: as_written(_lookup_listed(cfg, *where)) for name, where in _LISTED.items()}
    found |= {name: as_written(schedule_of(cfg, of).get(option)) for name, (of, option) in _SCHEDULED.items()}
    found |= _batch_facts(cfg, gpus)
    if special := transfer_facts(cfg):
        found |= {name: as_written(value) for name, value in special.items()} | {'base_lr': None, 'stages': None}
    return {name: value for name, value in found.items() if value is not None}


def facts_set_by(settings: Mapping[str, Any]) -> Facts:
    """Facts that settings at dotted places are: ``{'transfer.checkpoint': 'a.pth'}`` sets the ``checkpoint``."""
    places = (*_STATED.items(), *TRANSFER_PLACES.items())
    return {name: as_written(settings[place]) for name, place in places if place in settings}


def _batch_facts(cfg: Any, gpus: int | None) -> Facts:
    """Effective batch of an optimizer step, and the lr per 256 images of it."""
    batch, lr = _lookup(cfg, 'train_dataloader.batch_size'), _lookup(cfg, 'optim_wrapper.optimizer.lr')
    if batch is None or lr is None:
        return {}
    name = parse_name(cfg.filename) if cfg.filename else None
    processes = gpus or (name.gpus if name else 1)
    effective = processes * batch * (_lookup(cfg, 'optim_wrapper.accumulative_counts') or 1)
    return {'effective_batch': effective, 'base_lr': as_written(lr * 256 / effective)}


def _lookup(cfg: Any, path: str) -> Any:
    """Value at a dotted path; None where the path ends early."""
    node = cfg
    for key in path.split('.'):
        node = node.get(key) if hasattr(node, 'get') else None
    return node


def _lookup_listed(cfg: Any, path: str, kinds: str | tuple[str, ...], argument: str) -> Any:
    """``argument`` of the first entry of a type of ``kinds`` in the list at ``path``."""
    entries, wanted = _lookup(cfg, path) or [], (kinds,) if isinstance(kinds, str) else kinds
    return next((entry.get(argument) for entry in entries if _lookup(entry, 'type') in wanted), None)


def as_written(value: Any) -> Any:
    """Make a value such as a metafile holds: no tuples, no rounding noise as of ``1.5e-4 * 4096 / 256``."""
    if isinstance(value, Mapping):
        return {key: as_written(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [as_written(item) for item in value]
    return float(f'{value:.6g}') if isinstance(value, float) else value
