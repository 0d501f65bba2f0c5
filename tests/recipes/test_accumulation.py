"""A batch cut into micro-batches trains as the whole one does, but for batch norms and the codes of SwAV."""

import pytest
import torch

from sslrecipes.checkpoint.files.reading import read_checkpoint

#: A backbone without batch norms, which see micro-batches.
VIT = dict(
    type='VisionTransformer',
    arch=dict(embed_dims=32, num_layers=2, num_heads=2, feedforward_channels=64),
    img_size=16,
    patch_size=4,
    out_type='cls_token',
)
EPOCHS, IMAGES = 3, 38


@pytest.fixture
def train(methods, tiny, restarting, tmp_path):
    """Function that trains a method without batch norms and returns what its last checkpoint holds of the model."""

    def run(method, batch, counts):
        cfg = tiny.short_run(methods[method], str(tmp_path / f'{counts}'), accumulation=counts)
        cfg.model.backbone, cfg.model.neck.in_channels = VIT, 32
        cfg.model.probe = None
        if method == 'DINO':
            cfg.model.neck.with_bn = False
        cfg.optim_wrapper = dict(
            type='OptimWrapper', optimizer=dict(type='SGD', lr=0.02, momentum=0.9), accumulative_counts=counts
        )
        cfg.train_dataloader.update(batch_size=batch, drop_last=True)
        cfg.train_dataloader.dataset.indices = IMAGES
        restarting.train(cfg)
        return read_checkpoint(f'{cfg.work_dir}/epoch_{EPOCHS}.pth')['state_dict']

    return run


@pytest.mark.parametrize('trained', ['DINO', 'MoCo'])
def test_micro_batches_train_as_the_whole_batch(trained, train):
    """Four steps of eight images per epoch; of the micro-batches three are left over."""
    whole, parts = train(trained, 8, 1), train(trained, 2, 4)
    moved = 'head.center' if trained == 'DINO' else 'head.queue'
    assert whole[moved].any()
    torch.testing.assert_close(parts, whole, rtol=1e-4, atol=1e-5)


def test_queues_and_centres_are_of_whole_steps(train):
    """SwAV's codes differ between micro-batches, so weights and embeddings do; the queue's shape does not."""
    whole, parts = train('SwAV', 8, 1), train('SwAV', 2, 4)
    assert whole['head.queue_layout'].tolist() == parts['head.queue_layout'].tolist() == [16, 1]
    assert (whole['head.queue'].any(dim=2) == parts['head.queue'].any(dim=2)).all()
