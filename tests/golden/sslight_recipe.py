"""The recipe of a stored SSLight training, with the stand-in backbone of the cases and their views."""

import re

import golden.stored_steps  # noqa: F401  registers
from mmengine.model import BaseModule
from torch import nn

from sslrecipes.registry import MODELS

HYPER = {
    'method', 'batch', 'global_crops', 'local_crops', 'global_size', 'local_size', 'classes', 'epochs',
    'iters_per_epoch', 'world_size', 'effective_base_lr', 'overrides',
}  # fmt: skip
LAYOUT = re.compile(
    r'\[0\] conv (?P<image>\d+)->(?P<width>\d+) k(?P<kernel>\d+) s(?P<stride>\d+) p(?P<padding>\d+) no bias, '
    r'\[1\] BN\(\d+\), \[2\] ReLU, '
    r'\[3\] depthwise conv \d+ k(?P<dw_kernel>\d+) s(?P<dw_stride>\d+) p(?P<dw_padding>\d+) groups \d+ no bias, '
    r'\[4\] BN\(\d+\), \[5\] ReLU; then global average pool'
)
#: What the recipes of an optimizer have in common, where a case doesn't say otherwise; none has SGD.
RECIPES = {
    'LARS': dict(decay=1e-6, decay_end=None, min_lr=0.0048, channels=4096, temp_epochs=50),
    'SGD': dict(decay=1e-6, decay_end=None, min_lr=0.0048, channels=4096, temp_epochs=50),
    'AdamW': dict(decay=0.04, decay_end=0.4, min_lr=1e-5, channels=65536, temp_epochs=30),
}


@MODELS.register_module()
class StandInBackbone(BaseModule):
    """Convolution, depthwise convolution, each with batch norm and ReLU; as laid out in the cases."""

    def __init__(self, image, width, kernel, stride, padding, dw_kernel, dw_stride, dw_padding):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(image, width, kernel, stride, padding, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, dw_kernel, dw_stride, dw_padding, groups=width, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
        )

    def forward(self, images):
        return (self.encoder(images),)


class Options(dict):
    """Overrides of a case, each of which must be taken by somebody."""

    def take(self, name, default):
        return self.pop(name, default)

    def ignore(self, *names):
        """Take options that officially have no effect."""
        for name in names:
            self.pop(name, None)


def layers(options, recipe, head):
    """Depth and batch norms of a projection."""
    return dict(
        num_layers=options.take(f'{head}.NUM_LAYERS', recipe['num_layers']),
        with_bn=options.take(f'{head}.USE_BN_IN_HEAD', recipe['norm']),
    )


def dino(options, recipe, width):
    channels = options.take('DINOHead.OUTPUT_DIM', recipe['channels'])
    neck = dict(
        type='DINONeck',
        in_channels=width,
        hidden_channels=options.take('DINOHead.HIDDEN_SIZE', 2048),
        bottleneck_channels=options.take('DINOHead.BOTTLENECK_DIM', 256),
        out_channels=channels,
        **layers(options, recipe, 'DINOHead'),
        norm_last_layer=options.take('DINOHead.NORM_LAST_YEAR', recipe['gain_fixed']),
    )
    head = dict(
        type='DINOHead',
        out_channels=channels,
        warmup_teacher_temp=options.take('DINO.WARMUP_TEACHER_TEMP', 0.04),
        teacher_temp=options.take('DINO.TEACHER_TEMP', 0.07),
        warmup_teacher_temp_epochs=options.take('DINO.WARMUP_TEACHER_TEMP_EPOCHS', recipe['temp_epochs']),
        student_temp=options.take('DINO.STUDENT_TEMP', 0.1),
        center_momentum=options.take('DINO.CENTER_MOMENTUM', 0.9),
    )
    return dict(
        type='DINO',
        neck=neck,
        head=head,
        base_momentum=options.take('MODEL.MODEL_MOMENTUM', 0.996),
        freeze_last_layer_epochs=options.take('SOLVER.FREEZE_LAST_LAYER', 1),
    )


def swav(options, recipe, width):
    options.ignore('SOLVER.FREEZE_LAST_LAYER', 'MODEL.MODEL_MOMENTUM')
    channels = options.take('SWAV.OUTPUT_DIM', 128)
    neck = dict(
        type='SwAVNeck',
        in_channels=width,
        hidden_channels=options.take('SWAV.HIDDEN_SIZE', 4096),
        out_channels=channels,
        num_prototypes=options.take('SWAV.NMB_PROTOTYPES', 3000),
        **layers(options, recipe, 'SWAV'),
    )
    head = dict(
        type='SwAVHead',
        feat_channels=channels,
        temperature=options.take('SWAV.TEMPERATURE', 0.1),
        epsilon=options.take('SWAV.EPSILON', 0.05),
        sinkhorn_iterations=options.take('SWAV.SINKHORN_ITERATIONS', 3),
        queue_length=options.take('SWAV.QUEUE_LENGTH', 3840),
        queue_start_epoch=options.take('SWAV.EPOCH_QUEUE_STARTS', 15),
    )
    frozen = options.take('SWAV.FREEZE_PROTOTYPES_EPOCHS', 1)
    return dict(type='SwAV', neck=neck, head=head, freeze_prototypes_epochs=frozen)


def moco(options, recipe, width):
    options.ignore('SOLVER.FREEZE_LAST_LAYER', 'MODEL.MODEL_MOMENTUM')
    channels = options.take('MOCO.OUTPUT_DIM', 128)
    neck = dict(
        type='MoCoNeck',
        in_channels=width,
        hidden_channels=options.take('MOCO.HIDDEN_SIZE', 2048),
        out_channels=channels,
        **layers(options, recipe, 'MOCO'),
    )
    head = dict(
        type='MoCoHead',
        feat_channels=channels,
        queue_length=options.take('MOCO.QUEUE_LENGTH', 65536),
        temperature=options.take('MOCO.TEMPERATURE', 0.2),
    )
    return dict(type='MoCo', neck=neck, head=head, momentum=options.take('MOCO.MOMENTUM', 0.999))


METHODS = {'DINO': dino, 'SWAV': swav, 'MOCO': moco}
TRAINED = {'DINO': 'student', 'SWAV': 'network', 'MOCO': 'encoder_q'}


def stored_form(case):
    """What the stored weights tell of the projection: depth, batch norms, whether the gain of its last layer is fixed.

    Layers of the networks that follow are left aside: DINO's teacher, MoCo's key encoder.
    """
    network = case.part(f'state/{TRAINED[case.hyper["method"]]}.head.')
    mlp = {name: value for name, value in network.items() if re.search(r'(^|\.)mlp\.', name)}
    trained = case.meta['param_requires_grad']
    return dict(
        num_layers=sum(name.endswith('weight') and value.ndim == 2 for name, value in mlp.items()),
        norm=any(name.endswith('running_mean') for name in mlp),
        gain_fixed=not trained.get('student.head.last_layer.weight_g'),
    )


def recipe_of(case, work_dir):
    """Config of the training that a case has stored; fails on options that it can't express."""
    hyper, options = case.hyper, Options(case.hyper['overrides'])
    assert set(hyper) == HYPER, 'the test does not know these hyper-parameters'
    assert hyper['world_size'] == 1
    optimizer = options.take('SOLVER.OPTIMIZING_METHOD', 'LARS')
    recipe = RECIPES[optimizer] | stored_form(case)
    layout = {name: int(size) for name, size in LAYOUT.search(case.meta['what']).groupdict().items()}
    model = METHODS[hyper['method']](options, recipe, layout['width'])
    model |= dict(
        backbone=dict(type='StandInBackbone', **layout),
        probe=dict(in_channels=layout['width'], num_classes=hyper['classes']),
        data_preprocessor=dict(),
    )
    weights = options.take('MULTI_VIEWS_TRANSFORMS.LAMBDAS', [0.142857, 0.857143])
    if model['head'].get('queue_length', 0) < hyper['batch'] and hyper['method'] == 'SWAV':
        model['head']['queue_length'] = 0  # rounded down to whole batches, officially without a word
    model['head']['loss_weights'] = weights if hyper['local_crops'] else weights[:1]
    cfg = dict(
        default_scope='sslrecipes',
        work_dir=str(work_dir),
        model=model,
        train_dataloader=dict(
            batch_size=hyper['batch'],
            num_workers=0,
            sampler=dict(type='DefaultSampler', shuffle=False),
            collate_fn=dict(type='default_collate'),
            dataset=dict(
                type='StoredSteps', file=str(case.file), batch=hyper['batch'], steps_per_epoch=hyper['iters_per_epoch']
            ),
        ),
        train_cfg=dict(type='SSLTrainLoop', max_epochs=hyper['epochs']),
        default_hooks=dict(checkpoint=None),
        log_level='WARNING',
        **optimization_of(options, recipe, optimizer, hyper),
    )
    assert not options, f'the test does not know these options: {dict(options)}'
    return cfg


def optimization_of(options, recipe, optimizer, hyper):
    """Optimizer, parameter groups and schedules."""
    options.ignore('SOLVER.BASE_LR')  # before scaling: effective_base_lr is what counts
    epochs, start = hyper['epochs'], 0.075 if hyper['method'] == 'SWAV' else 0.0
    decay = options.take('SOLVER.WEIGHT_DECAY', recipe['decay'])
    decay_end = options.take('SOLVER.WEIGHT_DECAY_END', recipe['decay_end'])
    lr = dict(
        type='CosineScheduler',
        epochs=epochs,
        final=options.take('SOLVER.MIN_LR', recipe['min_lr']),
        warmup_epochs=options.take('SOLVER.WARMUP_EPOCHS', 10),
        start=options.take('SOLVER.START_WARMUP', start),
    )
    weight_decay = dict(
        type='CosineScheduler',
        param_name='weight_decay',
        epochs=epochs,
        final=decay if decay_end is None else decay_end,
    )
    settings = dict(type=optimizer, lr=hyper['effective_base_lr'], weight_decay=decay)
    if optimizer != 'AdamW':
        settings['momentum'] = options.take('SOLVER.MOMENTUM', 0.9)
    if optimizer == 'LARS':
        settings['adapt_vectors'] = False
    wrapper = dict(
        type='OptimWrapper',
        optimizer=settings,
        constructor='ParamGroupsConstructor',
        paramwise_cfg=dict(no_decay_depthwise=True),
    )
    return dict(optim_wrapper=wrapper, param_scheduler=[lr, weight_decay])
