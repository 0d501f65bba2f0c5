"""Seconds per image and peak memory of a training step of W2SSL beside one of MoCo v3, with the same ResNet-18.

    OMP_NUM_THREADS=2 python tests/long/w2ssl_speed.py [--images 32] [--size 224] [--rounds 5]

Both have equal batches, heads, optimizers and sizes of pictures, from tensors in memory: no loader. They take turns, so
that what else the machine does meets both; of each the median counts, on a CPU in processor time. Peaks are those of a
process that takes one step, without what it held before. The contrastive loss of ``--rows`` rows is measured by itself,
beside one with the whole matrix of similarities. Exit code 1 if W2SSL takes more than 0.6 of MoCo v3's seconds.
"""

import argparse
import logging
import multiprocessing as mp
import statistics
import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812
from mmengine.registry import DefaultScope

import sslrecipes  # noqa: F401  mends the OpenMMLab stack before anything else is imported
from sslrecipes.config.loading import load_config
from sslrecipes.engine.optimizers import ParamGroupsConstructor
from sslrecipes.models.losses.supervised_contrastive import supervised_contrastive_loss
from sslrecipes.models.utils.progress import Progress
from sslrecipes.registry import MODELS

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
RECIPES = {
    'W2SSL': CONFIGS / 'w2ssl/w2ssl_resnet50_4xb128-amp-coslr-200e_in1k.py',
    'MoCo v3': CONFIGS / 'mocov3/mocov3_resnet50_8xb32-amp-coslr-200e_in1k.py',
}
LIMIT, WIDTH, TEMPERATURE = 0.6, 512, 0.3
CUDA = torch.cuda.is_available()


def build(name):
    """Model with a ResNet-18, and its optimizer in float32."""
    cfg = load_config(RECIPES[name])
    torch.manual_seed(0)
    model = dict(cfg.model, backbone=dict(cfg.model.backbone, depth=18), neck=dict(cfg.model.neck, in_channels=WIDTH))
    if 'in_channels' in cfg.model.head:
        model['head'] = dict(cfg.model.head, in_channels=WIDTH)
    with DefaultScope.overwrite_default_scope('sslrecipes'):
        built = MODELS.build(model).train()
        optimizer = dict(cfg.optim_wrapper.optimizer)
        wrapper = ParamGroupsConstructor(dict(type='OptimWrapper', optimizer=optimizer))(built)
    return built.cuda() if CUDA else built, wrapper


def views(name, images, size):
    """Pictures of the method: two of each image, or two of each of its regions, of half the size."""
    shape = (4, images, 3, size // 2, size // 2) if name == 'W2SSL' else (2, images, 3, size, size)
    return list(torch.randn(shape, device='cuda' if CUDA else 'cpu'))


def step(model, wrapper, inputs):
    model.begin_step(Progress(1, 4, 2))
    wrapper.update_params(sum(value for key, value in model(inputs, mode='loss').items() if 'loss' in key))


def seconds(action):
    """Time on the device, or of the processor."""
    clock = time.perf_counter if CUDA else time.process_time
    start = clock()
    action()
    if CUDA:
        torch.cuda.synchronize()
    return clock() - start


def memory(field):
    """Of this process, in MB: ``VmRSS`` now or ``VmHWM``, the peak."""
    (line,) = (line for line in Path('/proc/self/status').read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024 / 1e6


def peak(prepare):
    """MB that an action needs at its peak; of the device, or of a process of its own."""
    if CUDA:
        action = prepare()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        action()
        return (torch.cuda.max_memory_allocated() - before) / 1e6
    queue = mp.get_context('fork').Queue()
    process = mp.get_context('fork').Process(target=_measure, args=(prepare, queue))
    process.start()
    value = queue.get()
    process.join()
    return value


def _measure(prepare, queue):
    torch.set_num_threads(1)  # the parent's team of threads isn't here
    action = prepare()
    before = memory('VmRSS')
    Path('/proc/self/clear_refs').write_text('5')  # the peak counts from here
    action()
    queue.put(memory('VmHWM') - before)


def of_a_step(name, images, size):
    def prepare():
        model, wrapper = build(name)
        inputs = views(name, images, size)
        return lambda: step(model, wrapper, inputs)

    return prepare


def of_the_loss(loss, rows):
    def prepare():
        features = F.normalize(torch.randn(rows, 256, device='cuda' if CUDA else 'cpu'), dim=1).requires_grad_()
        labels = torch.arange(rows // 4, device=features.device).repeat(4)
        return lambda: loss(features, labels, TEMPERATURE).backward()

    return prepare


def whole_matrix(rows, labels, temperature):
    """The same loss with all similarities at once."""
    itself = torch.eye(len(rows), dtype=torch.bool, device=rows.device)
    positives = (labels[:, None] == labels) & ~itself
    log_p = (rows @ rows.T / temperature).masked_fill(itself, -torch.inf).log_softmax(dim=1)
    return -(log_p.masked_fill(~positives, 0).sum(dim=1) / positives.sum(dim=1)).mean()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--images', type=int, default=32)
    parser.add_argument('--size', type=int, default=224)
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--rows', type=int, default=8192)
    args = parser.parse_args()
    logging.disable(logging.INFO)
    for name, loss in (('in blocks', supervised_contrastive_loss), ('of the whole matrix', whole_matrix)):
        print(f'loss of {args.rows} rows {name}: peak {peak(of_the_loss(loss, args.rows)):.0f} MB', flush=True)
    for name in RECIPES:
        print(f'step of {name}: peak {peak(of_a_step(name, args.images, args.size)):.0f} MB', flush=True)
    actions = {name: of_a_step(name, args.images, args.size)() for name in RECIPES}
    times = {name: [] for name in RECIPES}
    for round_ in range(1 + args.rounds):  # the first one doesn't count
        for name, action in actions.items():
            taken = seconds(action)
            times[name] += [taken] if round_ else []
    medians = {name: statistics.median(taken) / args.images for name, taken in times.items()}
    ratio = medians['W2SSL'] / medians['MoCo v3']
    told = ', '.join(f'{name} {value:.4f} s' for name, value in medians.items())
    print(f'per image: {told}; {ratio:.3f} of MoCo v3')
    sys.exit(ratio > LIMIT)


if __name__ == '__main__':
    main()
