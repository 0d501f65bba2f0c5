import pytest

from sslrecipes.engine.config_check import accepted_arguments, check_config
from sslrecipes.errors import ConfigError
from sslrecipes.models.backbones import TECViT


def test_sound_config_passes(mae_on_digits):
    check_config(mae_on_digits)


@pytest.mark.parametrize(
    ('edit', 'message'),
    [
        (lambda cfg: cfg.update(optim_wraper={}), r'"optim_wraper".*"optim_wrapper"'),
        (lambda cfg: cfg.train_dataloader.update(batchsize=8), r'train_dataloader: .*"batchsize".*"batch_size"'),
        (lambda cfg: cfg.model.backbone.update(mask_ration=0.5), r'model\.backbone: .*"mask_ration".*"mask_ratio"'),
        (lambda cfg: cfg.model.neck.update(type='MAEDecodr'), r'model\.neck\.type: .*"MAEDecodr".*"MAEDecoder"'),
        (lambda cfg: cfg.train_dataloader.dataset.update(splitt='val'), r'dataset: .*"splitt".*"split"'),
        (lambda cfg: cfg.train_dataloader.dataset.pipeline[0].update(scal=8), r'pipeline\[0\].*"scal".*"scale"'),
        (lambda cfg: cfg.optim_wrapper.optimizer.update(betass=1), r'optimizer: .*"betass".*"betas"'),
        (lambda cfg: cfg.optim_wrapper.update(constructor='ParamGroups'), r'constructor.*"ParamGroupsConstructor"'),
        (lambda cfg: cfg.param_scheduler.update(warmup=3), r'param_scheduler: .*"warmup"'),
        (lambda cfg: cfg.default_hooks.checkpoint.update(intervall=3), r'checkpoint: .*"intervall".*"interval"'),
        (lambda cfg: cfg.train_cfg.update(max_epoch=3), r'train_cfg: .*"max_epoch".*"max_epochs"'),
    ],
)
def test_unknown_words_are_named_with_the_nearest(mae_on_digits, edit, message):
    edit(mae_on_digits)
    with pytest.raises(ConfigError, match=message):
        check_config(mae_on_digits)


def test_keyword_arguments_are_followed_through_base_classes():
    names, takes_any = accepted_arguments(TECViT)
    assert {'mlp_token', 'mask_ratio', 'patch_size'} <= names
    assert not takes_any
    assert accepted_arguments(lambda a, **rest: a) == ({'a'}, True)
