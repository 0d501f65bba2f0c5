"""The runner on two gloo processes."""

import torch
from mmengine.model import is_model_wrapper

from sslrecipes.engine.runner import SSLRunner


def test_ranks_train_one_model_on_different_images_and_masks(mae_on_digits, run_ranks):
    cfg = mae_on_digits
    cfg.launcher = 'pytorch'
    cfg.train_dataloader.batch_size = 8
    cfg.train_cfg.max_epochs = cfg.param_scheduler.epochs = 2

    def on_rank(rank, world):
        runner = SSLRunner.from_cfg(cfg)
        indices = [int(draw) for draw in runner.train_dataloader.sampler]
        masks = []
        embed = runner.model.module.backbone.embed_visible

        def remember(images, noise):
            tokens, mask, ids = embed(images, noise)
            masks.append(mask)
            return tokens, mask, ids

        runner.model.module.backbone.embed_visible = remember
        runner.train()
        assert is_model_wrapper(runner.model)
        weights = torch.cat([p.flatten() for p in runner.model.parameters()]).detach()
        return indices, masks[0].numpy(), weights.numpy()

    (indices0, mask0, weights0), (indices1, mask1, weights1) = run_ranks(on_rank)
    assert len(indices0) == len(indices1) == 32
    assert not set(indices0) & set(indices1)
    assert (mask0 != mask1).any()
    assert (weights0 == weights1).all()
