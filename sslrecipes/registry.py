"""The registries of sslrecipes: children of mmpretrain's, so every mmpretrain name is found here too.

A class registered here under the name of a parent's class (``AmpOptimWrapper``, ``Pretrained``) replaces it wherever
``default_scope='sslrecipes'``; each such class says why in its docstring.
"""

from mmengine.registry import Registry
from mmpretrain import registry as parent

_SCOPE = 'sslrecipes'


def _child(name: str, of: Registry, location: str) -> Registry:
    child = Registry(name, parent=of, scope=_SCOPE, locations=[f'sslrecipes.{location}'])
    root = of._get_root_registry()
    if root is not of:  # where 'sslrecipes.X' in a config of mmdet or mmseg is looked for; grandchildren are not
        root._add_child(child)
    return child


MODELS = _child('model', parent.MODELS, 'models')
MODEL_WRAPPERS = _child('model wrapper', parent.MODEL_WRAPPERS, 'engine')
BATCH_AUGMENTS = _child('batch augment', parent.BATCH_AUGMENTS, 'models')
WEIGHT_INITIALIZERS = _child('weight initializer', parent.WEIGHT_INITIALIZERS, 'checkpoint')
DATASETS = _child('dataset', parent.DATASETS, 'datasets')
DATA_SAMPLERS = _child('data sampler', parent.DATA_SAMPLERS, 'datasets')
TRANSFORMS = _child('transform', parent.TRANSFORMS, 'datasets')
METRICS = _child('metric', parent.METRICS, 'evaluation')
VISUALIZERS = _child('visualizer', parent.VISUALIZERS, 'visualization')
VISBACKENDS = _child('vis backend', parent.VISBACKENDS, 'visualization')
LOG_PROCESSORS = _child('log processor', parent.LOG_PROCESSORS, 'engine')
EVALUATORS = _child('evaluator', parent.EVALUATORS, 'evaluation')
RUNNERS = _child('runner', parent.RUNNERS, 'engine')
LOOPS = _child('loop', parent.LOOPS, 'engine')
HOOKS = _child('hook', parent.HOOKS, 'engine')
OPTIMIZERS = _child('optimizer', parent.OPTIMIZERS, 'engine')
OPTIM_WRAPPERS = _child('optim wrapper', parent.OPTIM_WRAPPERS, 'engine')
OPTIM_WRAPPER_CONSTRUCTORS = _child('optim wrapper constructor', parent.OPTIM_WRAPPER_CONSTRUCTORS, 'engine')
PARAM_SCHEDULERS = _child('parameter scheduler', parent.PARAM_SCHEDULERS, 'engine')
