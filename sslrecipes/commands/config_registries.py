"""In which registry the components of a config are looked up, by the keys under which they stand."""

from __future__ import annotations

from importlib import import_module

from mmengine.registry import FUNCTIONS, TASK_UTILS, Registry

from sslrecipes import registry
from sslrecipes.errors import ConfigError, did_you_mean

#: Key of a config -> registry of the component below it; deeper dicts stay in it until another key says otherwise.
REGISTRY_OF_KEY: dict[str, Registry | None] = {
    'model': registry.MODELS,
    'data_preprocessor': registry.MODELS,
    'init_cfg': registry.WEIGHT_INITIALIZERS,
    'augments': registry.BATCH_AUGMENTS,
    'dataset': registry.DATASETS,
    'pipeline': registry.TRANSFORMS,
    **dict.fromkeys(('switch_pipeline', 'train_pipeline'), registry.TRANSFORMS),  # in hooks that change it on the way
    'loss': registry.MODELS,
    'sampler': registry.DATA_SAMPLERS,
    'batch_sampler': registry.DATA_SAMPLERS,
    'collate_fn': FUNCTIONS,
    'worker_init_fn': FUNCTIONS,
    'optim_wrapper': registry.OPTIM_WRAPPERS,
    'optimizer': registry.OPTIMIZERS,
    'param_scheduler': registry.PARAM_SCHEDULERS,
    'default_hooks': registry.HOOKS,
    'custom_hooks': registry.HOOKS,
    'train_cfg': registry.LOOPS,
    'val_cfg': registry.LOOPS,
    'test_cfg': registry.LOOPS,
    'val_evaluator': registry.METRICS,
    'test_evaluator': registry.METRICS,
    'visualizer': registry.VISUALIZERS,
    'vis_backends': registry.VISBACKENDS,
    'log_processor': registry.LOG_PROCESSORS,
    'model_wrapper_cfg': registry.MODEL_WRAPPERS,
}
#: What a key means inside a model, where it is another thing there.
REGISTRY_IN_MODEL: dict[str, Registry | None] = {
    **dict.fromkeys(('train_cfg', 'test_cfg'), registry.MODELS),
    **dict.fromkeys(('assigner', 'sampler', 'bbox_coder', 'anchor_generator', 'prior_generator'), TASK_UTILS),
    # a kind that the part itself knows, no component
    **dict.fromkeys(('targets', 'adapt_cfg', 'same_up_trans', 'same_down_trans', 'across_lateral_trans'), None),
    **dict.fromkeys(('across_down_trans', 'across_up_trans', 'across_skip_trans', 'output_trans'), None),
}
#: What may stand, too, where a component of a registry stands: detectors build task utils, retrievers keep a loader of
#: prototypes, an evaluator may hold several others.
ALTERNATIVES = (
    (registry.MODELS, TASK_UTILS),
    (TASK_UTILS, registry.DATA_SAMPLERS),
    (registry.METRICS, registry.EVALUATORS),
)
#: What components were called before -> what they are called now: old configs and work dirs have the old names.
FORMER_NAMES = {'StepCosine': 'CosineScheduler', 'JointProbeHook': 'OnlineProbeHook'}
#: Keys of a model whose ``type`` is a name in ``mmcv.ops``.
OPS_KEYS = ('nms', 'roi_layer', 'dqs_cfg')

TOP_LEVEL = (
    'data_preprocessor',
    'model',
    'train_dataloader',
    'val_dataloader',
    'test_dataloader',
    'optim_wrapper',
    'param_scheduler',
    'default_hooks',
    'custom_hooks',
    'train_cfg',
    'val_cfg',
    'test_cfg',
    'val_evaluator',
    'test_evaluator',
    'visualizer',
    'log_processor',
    'model_wrapper_cfg',
)

#: Arguments that builders handle themselves.
BUILDER_KEYS = {'type', '_scope_', 'constructor', 'paramwise_cfg', 'optimizer'}
#: The same for what stands under a certain key.
BUILDER_KEYS_OF = {
    'norm_cfg': {'requires_grad'},
    'upsample_cfg': {'scale_factor'},
    'init_cfg': {'override'},
    'override': {'name'},
    'dcn': {'fallback_on_stride'},
    'nms': {'class_agnostic', 'split_thr'},
    'loss_cls': {'bg_cls_weight'},
    'param_scheduler': {'convert_to_iter_based'},
    **{key: {'priority'} for key in ('default_hooks', 'custom_hooks')},
}


def registry_of_key(key: str, above: Registry | None, in_model: bool) -> Registry | None:
    """Registry for what stands under ``key``, given the one of what is around it."""
    if in_model and key in REGISTRY_IN_MODEL:
        return REGISTRY_IN_MODEL[key]
    return REGISTRY_OF_KEY.get(key, above)


def registry_of_scope(of: Registry, scope: str, place: str) -> Registry:
    """Relative of the registry ``of`` in a scope such as ``mmdet``; ``of`` itself if that scope has none of the kind.

    Raises:
        ConfigError: If no installed package has that scope, which stands at ``place``.
    """
    try:
        import_module(f'{scope}.registry')
    except ModuleNotFoundError as error:
        hint = did_you_mean(scope, ['sslrecipes', 'mmpretrain', 'mmdet', 'mmseg', 'mmengine'])
        raise ConfigError(f'{place}: there is no package "{scope}" with registries.{hint}', place) from error
    found = of._get_root_registry()._search_child(scope)
    return of if found is None else found  # one that is still empty counts as false
