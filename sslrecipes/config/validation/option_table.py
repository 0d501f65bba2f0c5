"""What is known about a config's options without building anything: their names, and what their values may be.

Components' own arguments are checked later against their signatures (``sslrecipes.commands.config_check``), which takes
torch; here stands what decides about days of work, or ends in a traceback.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain

from sslrecipes.config.rules.checks import (
    Check,
    anything,
    boolean,
    either,
    every,
    items,
    nothing,
    number,
    one_of,
    optional,
    options,
    several,
    size,
    text,
    whole,
)
from sslrecipes.config.rules.evaluation import NEIGHBOURS, PROBE
from sslrecipes.config.rules.parts import SYNONYMS
from sslrecipes.config.rules.puzzles import PUZZLE_TILES
from sslrecipes.config.rules.regions import REGION_CROPS
from sslrecipes.config.rules.sizes import MASK_RATIO
from sslrecipes.config.rules.views import MULTI_CROP

#: Arguments of mmengine's ``Runner``, and the options that this package's runner reads from the config.
RUNNER_KEYS = (
    *('model', 'work_dir', 'train_dataloader', 'val_dataloader', 'test_dataloader', 'train_cfg', 'val_cfg', 'test_cfg'),
    *('auto_scale_lr', 'optim_wrapper', 'param_scheduler', 'val_evaluator', 'test_evaluator', 'default_hooks'),
    *('custom_hooks', 'data_preprocessor', 'load_from', 'resume', 'launcher', 'env_cfg', 'log_processor', 'log_level'),
    *('visualizer', 'default_scope', 'randomness', 'experiment_name', 'cfg'),
    *('runner_type', 'find_unused_parameters', 'allow_partial', 'accept_changes', 'custom_imports'),
    *('model_wrapper_cfg', 'sync_bn', 'transfer', 'image_size', 'local_image_size'),
)

#: Runners of recipes, all of which this package's runner runs; the tools take no other.
_RUNNERS = ('SSLRunner', 'Runner', 'FlexibleRunner')
_LOG_LEVELS = ('DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL')
_PRIORITIES = ['HIGHEST', 'VERY_HIGH', 'HIGH', 'ABOVE_NORMAL', 'NORMAL', 'BELOW_NORMAL', 'LOW', 'VERY_LOW', 'LOWEST']

_share = number(0, below=1)
_dict_or_none = either(options, nothing)


def _priority(value: object) -> str | None:
    """When a hook has its turn; MMEngine takes small letters, too."""
    return either(one_of(*_PRIORITIES), whole(0, below=101))(value.upper() if isinstance(value, str) else value)


def _mixing(value: object) -> str | None:
    """What a parameter of the distribution of mixing ratios may be; mmpretrain takes no whole numbers."""
    good = isinstance(value, float) and 0 < value < math.inf
    return None if good else 'a number above 0 with a point, such as 1.0; 0 would mix nothing: leave that entry out'


@dataclass(frozen=True)
class Group:
    """Options that stand together in one dict.

    Attributes:
        place: Where the dict is; ``*`` is any key or index, and a loader is ``LOADER``, wherever it is.
        known: What the values may be, by the option's name.
        closed: Name of what takes these options and no others; None if it may take more.
        required: Options that must be there.
        of: Name of the only class whose options these are, the type of the dict or else of the one around it; None for
            any.
    """

    place: str
    known: Mapping[str, Check]
    closed: str | None = None
    required: tuple[str, ...] = field(default=())
    of: str | None = None


#: Stands for the place of every data loader: a dict with a ``dataset`` that is no component itself.
LOADER = '(loader)'

_proposals = {
    **dict.fromkeys(('nms_pre', 'max_per_img'), whole(-1)),
    **dict.fromkeys(('score_thr', 'min_bbox_size', 'mask_thr_binary'), number(-1)),
    'nms': _dict_or_none,
}
_matching = {
    **dict.fromkeys(('assigner', 'sampler'), options),
    **dict.fromkeys(('allowed_border', 'pos_weight'), number(-1)),
    'debug': boolean,
    'mask_size': size,
}
#: What detectors and segmentors look up by name in dicts without a type, so a misspelt name would change nothing.
DETECTION_GROUPS = (
    *(Group(f'model.train_cfg.{part}', _matching) for part in ('rpn', 'rcnn', 'rcnn[*]')),
    *(Group(f'model.{place}', _proposals) for place in ('train_cfg.rpn_proposal', 'test_cfg.rpn', 'test_cfg.rcnn')),
    Group('model.test_cfg.panoptic', {'mask_overlap': number(0), 'stuff_area_limit': number(0)}),
    Group('model.test_cfg', {'mode': text, **dict.fromkeys(('stride', 'crop_size'), size), **_proposals}),
)

#: Evaluation of frozen features, as a loop or as a hook.
EVALUATION_GROUPS = tuple(
    group
    for place, of in (('val_cfg', None), ('test_cfg', None), ('custom_hooks[*]', 'OnlineEvalHook'))
    for group in (Group(place, NEIGHBOURS, of=of), Group(f'{place}.linear', PROBE, closed='A linear probe', of=of))
)

GROUPS = (
    Group(
        '',
        {
            'model': options,
            **dict.fromkeys(('train_dataloader', 'val_dataloader', 'test_dataloader'), _dict_or_none),
            **dict.fromkeys(('train_cfg', 'val_cfg', 'test_cfg', 'optim_wrapper', 'auto_scale_lr'), _dict_or_none),
            **dict.fromkeys(('param_scheduler', 'val_evaluator', 'test_evaluator'), either(options, items, nothing)),
            **dict.fromkeys(('default_hooks', 'data_preprocessor', 'visualizer', 'log_processor'), _dict_or_none),
            **dict.fromkeys(('randomness', 'env_cfg', 'custom_imports', 'transfer'), options),
            'custom_hooks': either(items, nothing),
            **dict.fromkeys(('work_dir', 'load_from', 'experiment_name'), either(text, nothing)),
            **dict.fromkeys(('resume', 'find_unused_parameters', 'allow_partial', 'accept_changes'), boolean),
            'default_scope': text,
            'runner_type': one_of(*_RUNNERS),
            'log_level': either(one_of(*_LOG_LEVELS), whole(0)),
            'launcher': one_of('none', 'pytorch', 'slurm', 'mpi'),
            'sync_bn': either(one_of('torch'), nothing),
            **dict.fromkeys(('image_size', 'local_image_size'), either(whole(1), nothing)),
        },
    ),
    Group(
        'randomness',
        {'seed': either(whole(0, below=2**32), nothing), 'diff_rank_seed': boolean, 'deterministic': boolean},
        closed='randomness',
    ),
    Group(
        'env_cfg',
        {
            'cudnn_benchmark': boolean,
            'mp_cfg': options,
            'dist_cfg': options,
            'resource_limit': whole(1),
        },
        closed='env_cfg',
    ),
    Group(
        'env_cfg.mp_cfg',
        {'mp_start_method': one_of('fork', 'spawn', 'forkserver'), 'opencv_num_threads': whole(0)},
        closed='env_cfg.mp_cfg',
    ),
    Group('auto_scale_lr', {'base_batch_size': whole(1), 'enable': boolean}, closed='auto_scale_lr'),
    Group(
        'transfer',
        {'checkpoint': either(text, nothing), 'part': one_of(*chain.from_iterable(SYNONYMS.values())), 'ignore': items},
        closed='transfer',
        required=('checkpoint',),
    ),
    Group(
        'custom_imports',
        {'imports': either(text, every(text)), 'allow_failed_imports': boolean},
        closed='custom_imports',
    ),
    Group(
        LOADER,
        {
            **dict.fromkeys(('dataset', 'sampler'), options),
            'batch_sampler': _dict_or_none,
            **dict.fromkeys(('collate_fn', 'worker_init_fn'), anything),
            **dict.fromkeys(('shuffle', 'multiprocessing_context', 'generator'), anything),
            'batch_size': either(whole(1), nothing),
            'num_workers': whole(0),
            'prefetch_factor': either(whole(1), nothing),
            'timeout': number(0),
            **dict.fromkeys(('persistent_workers', 'drop_last', 'pin_memory', 'in_order'), boolean),
            'pin_memory_device': text,
        },
        closed='DataLoader',
        required=('dataset', 'sampler'),
    ),
    Group(
        'train_cfg',
        {'max_epochs': whole(1), 'max_iters': whole(1), 'val_interval': whole(1), 'val_begin': whole(0),
         'by_epoch': boolean},
    ),
    Group(
        'optim_wrapper',
        {
            'optimizer': options,
            'constructor': text,
            'paramwise_cfg': _dict_or_none,
            'accumulative_counts': whole(1),
            'dtype': optional(one_of('float16', 'bfloat16')),
            'loss_scale': either(one_of('dynamic'), number(1), options),
            'clip_grad': _dict_or_none,
        },
        required=('optimizer',),
    ),
    Group(
        'optim_wrapper.clip_grad',
        {
            'type': one_of('norm', 'value'),
            **dict.fromkeys(('max_norm', 'norm_type', 'clip_value'), either(number(0), one_of(math.inf))),
            **dict.fromkeys(('error_if_nonfinite', 'foreach'), either(boolean, nothing)),
        },
        closed='clip_grad',
    ),
    Group(
        'optim_wrapper.optimizer',
        {
            'lr': number(0),
            'weight_decay': number(0),
            'momentum': _share,
            'betas': several(_share, 2),
            'eps': number(0),
            **dict.fromkeys(('fused', 'foreach', 'amsgrad', 'nesterov'), either(boolean, nothing)),
        },
        required=('type', 'lr'),
    ),
    Group('optim_wrapper.paramwise_cfg', {'layer_decay': either(number(0), nothing)}),
    *(
        Group(
            place,
            {
                **dict.fromkeys(('epochs', 'warmup_epochs', 'min_lr', 'start', 'final'), number(0)),
                'param_name': text,
                **dict.fromkeys(('per_epoch', 'by_epoch'), boolean),
                **dict.fromkeys(('begin', 'end'), whole(0)),
                'milestones': items,
            },
            required=('type',),
        )
        for place in ('param_scheduler', 'param_scheduler[*]')
    ),
    *(
        Group(
            place,
            {
                **dict.fromkeys(('interval', 'max_keep_ckpts'), whole(-1)),
                **dict.fromkeys(('interval_iters', 'keep_every'), whole(0)),
                'interval_minutes': number(0),
                **dict.fromkeys(('by_epoch', 'save_last', 'background'), boolean),
                'priority': _priority,
            },
            required=('type',),
        )
        for place in ('default_hooks.*', 'custom_hooks[*]')
    ),
    *(
        Group(place, {'collect_device': one_of('cpu', 'gpu', 'npu')})
        for phase in ('val_evaluator', 'test_evaluator')
        for place in (phase, f'{phase}[*]', f'{phase}.metrics[*]')
    ),
    Group('train_dataloader.dataset.pipeline[*]', {}, required=('type',)),
    Group('train_dataloader.dataset.pipeline[*]', MULTI_CROP, of='MultiCrop'),
    Group('train_dataloader.dataset.pipeline[*]', PUZZLE_TILES, of='PuzzleTiles'),
    Group('train_dataloader.dataset.pipeline[*]', REGION_CROPS, of='RegionCrops'),
    Group(
        'model',
        {'backbone': options, 'neck': either(options, items, nothing), 'head': _dict_or_none},
        required=('type',),
    ),
    *(Group('model.train_cfg.augments[*]', {'alpha': _mixing}, of=kind) for kind in ('Mixup', 'CutMix')),
    *DETECTION_GROUPS,
    *EVALUATION_GROUPS,
    *(
        Group(
            place,
            {
                **dict.fromkeys(('img_size', 'patch_size'), size),
                'mask_ratio': MASK_RATIO,
                **dict.fromkeys(('drop_path_rate', 'drop_rate'), _share),
                **dict.fromkeys(('mlp_token', 'with_cls_token', 'batched_shuffle'), boolean),
            },
            required=('type',),
        )
        for place in ('model.backbone', 'model.target_generator')
    ),
)  # fmt: skip
