"""Too many bad images in the share of one process stop both, after the same step."""

import cv2
import numpy as np

from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import RunError


def test_both_processes_stop_after_the_same_step(mae_on_digits, run_ranks, tmp_path):
    folder = tmp_path / 'images'
    folder.mkdir()
    for number in range(64):
        pixels = np.random.randint(0, 256, (8, 8, 3), dtype=np.uint8)
        data = cv2.imencode('.jpg', pixels)[1].tobytes()
        (folder / f'{number:02}.jpg').write_bytes(data[:-9] if number in (10, 50) else data)
    cfg = mae_on_digits
    cfg.launcher = 'pytorch'
    cfg.train_dataloader.batch_size = 2
    cfg.train_dataloader.dataset = dict(
        type='ImageFolder', data_root=str(folder), pipeline=[dict(type='LoadImageOrSkip'), dict(type='PackInputs')]
    )
    cfg.train_cfg.max_epochs = cfg.param_scheduler.epochs = 2
    cfg.default_hooks.bad_images = dict(type='BadImagesHook', limit=0.02)  # the first of two is allowed

    def on_rank(rank, world):
        runner = SSLRunner.from_cfg(cfg)
        try:
            runner.train()
        except RunError as error:
            return runner.iter, str(error)

    (step, sentence), (other_step, other_sentence) = run_ranks(on_rank)
    assert step == other_step <= 16
    for text in (sentence, other_sentence):
        assert '2 of 64 training images (3.12%) are bad, more than 2.00%' in text
    assert len((tmp_path / 'run/bad_images.txt').read_text().splitlines()) == 2
