"""mmpretrain's self-supervised recipes train, restart and are handed on as ours do."""

from functools import partial
from signal import SIGKILL

import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.structures import InstanceData

from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.store import CheckpointStore
from sslrecipes.commands.config_check import check_components
from sslrecipes.config.upstream import adopted
from sslrecipes.config.validation.schema import check_schema
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import ConfigError
from sslrecipes.registry import MODELS
from sslrecipes.transfer.loading import load_backbone
from sslrecipes.zoo.facts import facts

FAMILIES = (
    *('BarlowTwins', 'BEiT', 'BEiT v2', 'BYOL', 'CAE', 'DenseCL', 'EVA', 'iTPN with CLIP', 'iTPN with pixels', 'MAE'),
    *('MAE with HiViT', 'MaskFeat', 'MFF', 'MILAN', 'MixMIM', 'MoCo v2', 'MoCo v3 with ResNet', 'MoCo v3 with ViT'),
    *('SimCLR', 'SimMIM', 'SimSiam', 'SparK with ConvNeXt', 'SparK with ResNet', 'SwAV'),
)
#: Every other family inherits mmpretrain's scope, the others are put into ours.
SCOPES = {family: (None, 'sslrecipes')[index % 2] for index, family in enumerate(FAMILIES)}


def test_there_is_a_family_for_every_folder_of_recipes(tiny_upstream):
    assert sorted(FAMILIES) == sorted(tiny_upstream.FAMILIES)


@pytest.mark.parametrize('family', FAMILIES)
def test_killed_within_an_epoch_resumed_and_handed_to_a_detector(family, tiny_upstream, restarting, tmp_path):
    cfg = tiny_upstream.short_run(family, tmp_path, SCOPES[family])
    check_schema(cfg)
    check_components(adopted(cfg))
    assert facts(cfg)['epochs'] == 2
    alone, killed = restarting.left_alone(cfg)
    assert restarting.finish(restarting.fork(partial(restarting.train, killed, kill_at=3))) == -SIGKILL
    assert CheckpointStore(killed.work_dir).newest_good()[0].name == 'epoch_1_iter_3.pth'
    assert restarting.finish(restarting.fork(lambda: restarting.train(killed))) == 0
    assert restarting.compare(alone.work_dir, killed.work_dir) == 0.0
    checkpoint = f'{killed.work_dir}/epoch_2.pth'
    hand_over(family, tiny_upstream, checkpoint, 'student')
    if family in tiny_upstream.WITH_TEACHER:
        hand_over(family, tiny_upstream, checkpoint, 'teacher')


def hand_over(family, tiny_upstream, checkpoint, part):
    """Fill a detector's backbone, every weight of it, and take the gradient of the detector's loss."""
    with DefaultScope.overwrite_default_scope('mmdet'):
        model = MODELS.build(tiny_upstream.detector(family))
        coverage = load_backbone(model, checkpoint, part, tiny_upstream.NEW.get(family, ()))
    assert coverage.complete
    if family in tiny_upstream.WITHOUT_MAPS:
        return
    side = tiny_upstream.pixels_of(family)
    sample = DetDataSample(
        metainfo=dict(img_shape=(side, side), pad_shape=(side, side), batch_input_shape=(side, side))
    )
    sample.gt_instances = InstanceData(bboxes=torch.tensor([[4.0, 4.0, 28.0, 28.0]]), labels=torch.tensor([1]))
    losses = model.loss(torch.randn(1, 3, side, side), [sample])
    sum(sum(loss) for loss in losses.values()).backward()
    assert all(param.grad is not None for name, param in model.bbox_head.named_parameters())


def test_the_queue_of_swav_is_in_the_checkpoint(tiny_upstream, tmp_path):
    cfg = tiny_upstream.short_run('SwAV', tmp_path)
    cfg.default_hooks.checkpoint.max_keep_ckpts = -1
    torch.save({'queue': torch.ones(2, 8, 8)}, tmp_path / 'queue.pth')  # that of another run, which upstream would take
    SSLRunner.from_cfg(Config({**cfg.to_dict(), 'work_dir': str(tmp_path)})).train()
    queues = [
        read_checkpoint(tmp_path / name)['state_dict']['head.loss_module.queue_rows']
        for name in ('epoch_0_iter_1.pth', 'epoch_1.pth', 'epoch_2.pth')
    ]
    assert [int(queue.any(dim=2).sum()) for queue in queues] == [2 * 4, 2 * 8, 2 * 8]  # views x images
    assert not torch.equal(queues[1], queues[2])


def test_norms_of_spark_see_visible_positions_only(tiny_upstream, tmp_path):
    model = SSLRunner.from_cfg(tiny_upstream.short_run('SparK with ResNet', tmp_path)).model
    kinds = {type(module).__name__ for module in model.backbone.modules() if 'BatchNorm' in type(module).__name__}
    assert kinds == {'SparseBatchNorm2d'}


def test_a_queue_that_a_batch_does_not_fill(tiny_upstream, tmp_path):
    cfg = tiny_upstream.short_run('MoCo v2', tmp_path)
    cfg.train_dataloader.dataset.indices = 11
    cfg.train_dataloader.drop_last = False
    with pytest.raises(
        ConfigError, match='queue_len=16 must be a multiple of every batch, but there are some of 3 images'
    ):
        SSLRunner.from_cfg(cfg).train()
