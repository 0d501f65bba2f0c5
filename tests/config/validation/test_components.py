import pytest
from mmengine.config import Config

from sslrecipes.config.validation.schema import check_schema
from sslrecipes.errors import ConfigError


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        (dict(custom_hooks=[3]), 'custom_hooks[0] is 3, but must be a dict that configures a hook.'),
        (dict(custom_hooks=[dict(type='A'), None]), 'custom_hooks[1] is None, but must be a dict'),
        (
            dict(default_hooks=dict(logger=[])),
            'default_hooks.logger is [], but must be a dict that configures a hook, or',
        ),
        (dict(model=dict(type=3)), 'model.type is 3, but must be the name of a component.'),
        (dict(model=dict(type='')), "model.type is '', but must be the name of a component."),
        (dict(model=dict(type='A', head=dict(loss=dict(type=None)))), 'model.head.loss.type is None, but must be'),
        (dict(visualizer=dict(type='A', vis_backends=['B'])), "visualizer.vis_backends[0] is 'B', but must be a dict"),
        (dict(val_evaluator=['top1']), "val_evaluator[0] is 'top1', but must be a dict that configures a metric."),
        (dict(param_scheduler=[[]]), 'param_scheduler[0] is [], but must be a dict that configures a schedule.'),
        (
            dict(train_dataloader=dict(sampler=dict(type='A'), dataset=dict(type='B', pipeline=[dict(type='C'), 'D']))),
            "train_dataloader.dataset.pipeline[1] is 'D', but must be a dict that configures a transform.",
        ),
    ],
    ids=str,
)
def test_what_configures_no_component_is_refused(options, sentence):
    with pytest.raises(ConfigError) as caught:
        check_schema(Config(dict(dict(model=dict(type='MAE')), **options)))
    assert str(caught.value).startswith(sentence)
    assert caught.value.places == (sentence.partition(' ')[0],)


def test_hooks_may_be_left_out():
    check_schema(Config(dict(model=dict(type='MAE'), default_hooks=dict(logger=None, step=dict(type='A')))))
