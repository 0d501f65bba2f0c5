"""What every test gets: few threads, fixed seeds, and bare names resolved in the scope ``sslrecipes``."""

import os

os.environ.setdefault('OMP_NUM_THREADS', '2')  # read once, when torch is imported; child processes inherit it

import gc
import multiprocessing as mp
import random
import socket
import traceback
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import DefaultScope

import sslrecipes  # noqa: F401  the mends of sslrecipes.compat come before mmpretrain, mmdet and mmseg
from sslrecipes.registry import MODELS

# a forked child that used the parent's team of OpenMP threads would wait for them for ever
os.register_at_fork(after_in_child=lambda: torch.set_num_threads(1))


#: Seconds that a rank may take.
TIMEOUT = 120
#: Of the tiny masked autoencoders.
IMAGE_SIZE, PATCH_SIZE, WIDTH = 16, 4, 8


@pytest.fixture(scope='module', autouse=True)
def _no_idle_work() -> None:
    """Spare every run what no test is about: data sets collect garbage when they are built.

    That is slow beside all the modules that pytest holds.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _seeded() -> None:
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def _scoped() -> Iterator[None]:
    with DefaultScope.overwrite_default_scope('sslrecipes'):
        yield


@pytest.fixture
def mae_on_digits(tmp_path: Path) -> Config:
    """A recipe that trains in a second: a tiny MAE on 64 digits of 8 px."""
    arch = dict(embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32)
    return Config(
        dict(
            default_scope='sslrecipes',
            work_dir=str(tmp_path / 'run'),
            model=dict(
                type='MAE',
                data_preprocessor=dict(mean=[127.5] * 3, std=[127.5] * 3, to_rgb=True),
                backbone=dict(type='MaskedViT', arch=arch, img_size=8, patch_size=2, mask_ratio=0.75),
                neck=dict(type='MAEDecoder', num_patches=16, patch_size=2, embed_dim=16, decoder_embed_dim=8,
                          decoder_depth=1, decoder_num_heads=2),
                head=dict(type='MAEPretrainHead', norm_pix=True, patch_size=2,
                          loss=dict(type='PixelReconstructionLoss', criterion='L2')),
            ),
            train_dataloader=dict(
                batch_size=16,
                num_workers=0,
                drop_last=True,
                sampler=dict(type='DefaultSampler', shuffle=True),
                collate_fn=dict(type='default_collate'),
                dataset=dict(type='Digits', split='train', indices=64, pipeline=[
                    dict(type='RandomResizedCrop', scale=8, backend='pillow', interpolation='bicubic'),
                    dict(type='PackInputs')]),
            ),
            optim_wrapper=dict(
                type='OptimWrapper',
                optimizer=dict(type='AdamW', lr=1e-3, betas=(0.9, 0.95), weight_decay=0.05),
                constructor='ParamGroupsConstructor'),
            param_scheduler=dict(type='WarmupCosineLR', warmup_epochs=1, epochs=4),
            train_cfg=dict(type='SSLTrainLoop', max_epochs=4),
            default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=2)),
            randomness=dict(seed=0, diff_rank_seed=True),
            log_level='WARNING',
        )
    )  # fmt: skip


def _rank_main(function, rank, world, port, queue):
    os.environ.update(
        RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(world), MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port)
    )
    try:
        queue.put((rank, function(rank, world), None))
    except BaseException:  # noqa: BLE001  whatever it was, the parent must hear of it
        queue.put((rank, None, traceback.format_exc()))
    queue.close()
    queue.join_thread()
    os._exit(0)  # no clean-up of what belongs to the parent


@pytest.fixture
def run_ranks():
    """Run a function on several ranks, forked from this warm process and joined by gloo.

    ``run_ranks(function, world=2)`` returns ``[function(rank, world), ...]``; results must be picklable.
    """

    def run(function, world=2):
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            port = probe.getsockname()[1]
        context = mp.get_context('fork')
        queue = context.Queue()
        ranks = [context.Process(target=_rank_main, args=(function, r, world, port, queue)) for r in range(world)]
        for process in ranks:
            process.start()
        results = dict.fromkeys(range(world))
        try:
            for _ in range(world):
                rank, result, error = queue.get(timeout=TIMEOUT)
                assert error is None, f'rank {rank}:\n{error}'
                results[rank] = result
        finally:
            for process in ranks:
                process.join(5)
                process.kill()
        return [results[rank] for rank in range(world)]

    return run


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write config files, each of which inherits the one before, and return the name of the last."""
    monkeypatch.chdir(tmp_path)

    def write_files(*texts):
        for number, text in enumerate(texts):
            base = f"_base_ = 'c{number - 1}.py'\n" if number else ''
            (tmp_path / f'c{number}.py').write_text(base + text)
        return f'c{len(texts) - 1}.py'

    return write_files


class Poison(Hook):
    """Make the first image of some micro-batches NaN."""

    def __init__(self, *iterations):
        self.iterations = iterations

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter in self.iterations:
            data_batch['inputs'] = data_batch['inputs'].float()
            data_batch['inputs'][0] = torch.nan


@pytest.fixture
def poison():
    """Hook class: ``poison(5, 6)`` spoils the micro-batches after which ``runner.iter`` is 6 and 7."""
    return Poison


@pytest.fixture
def mae_cfg():
    """A tiny MAE on 16 px images with 16 patches."""
    return dict(
        type='MAE',
        data_preprocessor=dict(
            type='SelfSupDataPreprocessor',
            mean=[123.675, 116.28, 103.53],
            std=[58.395, 57.12, 57.375],
            to_rgb=True,
        ),
        backbone=dict(
            type='MaskedViT',
            arch=dict(embed_dims=WIDTH, num_layers=1, num_heads=2, feedforward_channels=2 * WIDTH),
            img_size=IMAGE_SIZE,
            patch_size=PATCH_SIZE,
        ),
        neck=dict(
            type='MAEDecoder',
            num_patches=(IMAGE_SIZE // PATCH_SIZE) ** 2,
            patch_size=PATCH_SIZE,
            embed_dim=WIDTH,
            decoder_embed_dim=WIDTH,
            decoder_depth=1,
            decoder_num_heads=2,
        ),
        head=dict(
            type='MAEPretrainHead',
            norm_pix=True,
            patch_size=PATCH_SIZE,
            loss=dict(type='PixelReconstructionLoss', criterion='L2'),
        ),
    )


@pytest.fixture
def mae(mae_cfg):
    return MODELS.build(mae_cfg)


@pytest.fixture
def mae_priv_cfg(mae_cfg):
    """A tiny MAE-priv, GAP variant, on the same images."""
    sizes = dict(img_size=IMAGE_SIZE, patch_size=PATCH_SIZE)
    neck = {**mae_cfg['neck'], 'type': 'MAEPrivDecoder'}
    return dict(
        type='MAEPriv',
        data_preprocessor=mae_cfg['data_preprocessor'],
        backbone=dict(type='MAEPrivViT', arch=mae_cfg['backbone']['arch'], batched_shuffle=False, **sizes),
        neck=neck,
        head=dict(type='MAEPrivHead', norm_pix=True, patch_size=PATCH_SIZE),
    )


@pytest.fixture(params=['MAE', 'MAEPriv'])
def masked_autoencoder(request):
    """Each method that predicts pixels."""
    return MODELS.build(request.getfixturevalue(dict(MAE='mae_cfg', MAEPriv='mae_priv_cfg')[request.param]))
