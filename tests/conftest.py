"""What every test gets: few threads, fixed seeds, and bare names resolved in the scope ``sslrecipes``."""

import os

os.environ.setdefault('OMP_NUM_THREADS', '2')  # read once, when torch is imported; child processes inherit it

import gc
import multiprocessing as mp
import random
import socket
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.utils.dl_utils import collect_env

import sslrecipes  # noqa: F401  the mends of sslrecipes.compat come before mmpretrain, mmdet and mmseg
from sslrecipes.datasets.digits import load_digits

#: Fixtures that several rooms share.
pytest_plugins = [
    'fixtures.autoencoders',
    'fixtures.calls',
    'fixtures.configs',
    'fixtures.detector',
    'fixtures.official',
    'fixtures.pictures',
    'fixtures.poison',
    'fixtures.stamps',
]

# a forked child that used the parent's team of OpenMP threads would wait for them for ever
os.register_at_fork(after_in_child=lambda: torch.set_num_threads(1))


#: Seconds that a rank may take.
TIMEOUT = 120


@pytest.fixture(scope='session', autouse=True)
def _warm() -> None:
    """Do once what every run does when it starts, and what each forked trial would do anew."""
    collect_env()  # imports setuptools, starts compilers
    load_digits()


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
def write_images() -> Callable[..., Path]:
    """Return a function that writes one small random image per relative path and returns the folder."""

    def write(folder: Path, *names: str, size: tuple[int, int] = (40, 50)) -> Path:
        rng = np.random.default_rng(0)
        for name in names:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            _, data = cv2.imencode('.png', rng.integers(0, 256, (*size, 3), dtype=np.uint8))
            path.write_bytes(data.tobytes())
        return folder

    return write


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
