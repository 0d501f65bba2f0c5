"""k-NN at ImageNet's size: images per second against a plain loop, and memory against the stated bound.

    OMP_NUM_THREADS=2 python tests/long/knn_speed.py --bank 1281167 --queries 4096 --width 1024

Synthetic features of classes that overlap. The plain loop is that of the usual scripts: of every 500 images all
similarities, ``topk``, and for each k the weighted one-hot votes (``scatter``), summed and sorted. Two ways are timed:
one product and ``topk`` for all k, which is the stricter comparison, and each k from the start, as the scripts do.
It runs on the first ``--plain-queries`` images only. Exit code 1 below ``--limit``, above the bound, or if predictions
differ.
"""

import argparse
import resource
import sys
import time
from pathlib import Path

import torch
from torch.nn import functional

import sslrecipes  # noqa: F401  mends the OpenMMLab stack before anything else is imported
from sslrecipes.evaluation.knn import weighted_knn
from sslrecipes.evaluation.knn_search import working_memory

TEMPERATURE = 0.07
CLASSES = 1000
PLAIN_CHUNK = 500
DIFFERENCES = 1e-3


def draw_features(count, width, noise, seed):
    """Features ``(count, width)`` around one centre per class, with a common offset, and classes ``(count,)``."""
    centres = torch.randn(CLASSES, width, generator=torch.Generator().manual_seed(99)) + 1
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(CLASSES, (count,), generator=generator)
    features = torch.empty(count, width).normal_(std=noise, generator=generator)
    for rows, part in zip(features.split(4096), labels.split(4096), strict=True):
        rows += centres[part]
    return features, labels


def plain_votes(similarity, classes, k):
    """Summed votes ``(B, classes)`` of the first k neighbours by a one-hot table."""
    table = torch.zeros(len(similarity) * k, CLASSES).scatter_(1, classes[:, :k].reshape(-1, 1), 1)
    weights = (similarity[:, :k] / TEMPERATURE).exp()
    return (table.view(-1, k, CLASSES) * weights[:, :, None]).sum(1)


def plain_loop(bank, labels, queries, ks):
    """Votes ``(M, classes)`` for each k; bank and queries are normalised."""
    votes = {k: [] for k in ks}
    for rows in queries.split(PLAIN_CHUNK):
        similarity, index = (rows @ bank.T).topk(max(ks), dim=1)
        for k in ks:
            summed = plain_votes(similarity, labels[index], k)
            summed.sort(dim=1, descending=True)  # the ranking, which the comparison makes again
            votes[k].append(summed)
    return {k: torch.cat(parts) for k, parts in votes.items()}


def timed(action):
    """Result and seconds."""
    start = time.perf_counter()
    result = action()
    return result, time.perf_counter() - start


def product_rate(width, dtype):
    """FLOPs per second of matrix products."""
    a, b = torch.ones(PLAIN_CHUNK, width, dtype=dtype), torch.ones(32768, width, dtype=dtype)
    seconds = min(timed(lambda: a @ b.T)[1] for _ in range(4))
    return 2 * PLAIN_CHUNK * 32768 * width / seconds


def differences(predictions, votes):
    """Share of predictions whose votes in the plain loop are not those of the plain loop's own prediction there."""
    ranked = votes.sort(dim=1, descending=True).values[:, : predictions.shape[1]]
    ours = votes.gather(1, predictions)
    return float((~torch.isclose(ours, ranked, rtol=1e-4, atol=0)).float().mean())


def resident():
    """Bytes of this process in memory."""
    return int(Path('/proc/self/statm').read_text().split()[1]) * resource.getpagesize()


def measure_ours(bank, labels, queries, ks):
    """Predictions, seconds, and bytes at the peak beside what there was before."""
    weighted_knn(bank[:64], labels[:64], queries[:64], num_classes=CLASSES, ks=(1,))  # loads the libraries
    product_rate(bank.shape[1], torch.bfloat16)
    before = resident()
    Path('/proc/self/clear_refs').write_text('5')  # the peak so far is forgotten
    arguments = dict(num_classes=CLASSES, ks=ks, temperature=TEMPERATURE)
    ours, seconds = timed(lambda: weighted_knn(bank, labels, queries, **arguments))
    status = Path('/proc/self/status').read_text().splitlines()
    peak = next(int(line.split()[1]) * 1024 for line in status if line.startswith('VmHWM'))
    return ours, seconds, peak, peak - before


def main():
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--bank', type=int, default=200_000)
    parser.add_argument('--queries', type=int, default=4096)
    parser.add_argument('--plain-queries', type=int, default=1000)
    parser.add_argument('--width', type=int, default=384)
    parser.add_argument('--noise', type=float, default=4.0, help='deviation within a class; that of the centres is 1')
    parser.add_argument('--ks', type=int, nargs='+', default=[10, 20, 100, 200])
    parser.add_argument('--limit', type=float, default=1.8)
    args = parser.parse_args()
    bank, labels = draw_features(args.bank, args.width, args.noise, seed=0)
    queries, truth = draw_features(args.queries, args.width, args.noise, seed=1)
    print(f'{args.queries} images, bank {args.bank} x {args.width}, ks {args.ks}, {torch.get_num_threads()} threads')

    ours, seconds, peak, extra = measure_ours(bank, labels, queries, args.ks)
    rate = args.queries / seconds
    bound = working_memory(args.bank, args.width, max(args.ks), CLASSES)
    roofs = {name: product_rate(args.width, getattr(torch, name)) for name in ('float32', 'bfloat16')}
    for name, roof in roofs.items():
        images = roof / (2 * args.bank * args.width)
        print(f'roof: {roof / 1e9:.0f} GFLOP/s of products in {name} = {images:.1f} images/s')
    print(f'weighted_knn: {rate:.1f} images/s; peak {peak / 2**20:.0f} MiB')
    print(f'  beside the features {extra / 2**20:.0f} MiB, bound {bound / 2**20:.0f} MiB')

    first = functional.normalize(queries[: args.plain_queries])
    bank = functional.normalize(bank)
    votes, once = timed(lambda: plain_loop(bank, labels, first, args.ks))
    _, each = timed(lambda: [plain_loop(bank, labels, first, [k]) for k in args.ks])
    ratio = rate * once / len(first)
    print(f'plain loop, one product for all k: {len(first) / once:.1f} images/s, ratio {ratio:.2f}')
    print(f'plain loop, each k from the start: {len(first) / each:.1f} images/s, ratio {rate * each / len(first):.2f}')
    shares = {k: differences(ours[k][: len(first)], votes[k]) for k in args.ks}
    accuracy = {k: 100 * float((ours[k][:, 0] == truth).float().mean()) for k in args.ks}
    print(f'predictions that differ: {shares}; top-1 in %: {accuracy}')
    return int(ratio < args.limit or extra > bound or max(shares.values()) > DIFFERENCES)


if __name__ == '__main__':
    sys.exit(main())
