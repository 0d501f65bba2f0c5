"""Exact nearest neighbours by inner product in a large bank, in little memory beside it."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from sslrecipes.errors import DataError
from sslrecipes.evaluation.knn_candidates import GROUPS, Found, merge, nothing_found, screening_dtype

_EPS = 1e-12
_SLICE = 1 << 17
#: Candidates beyond those wanted; in lower precision it takes more to have all neighbours among them for certain.
_SPARE, _SPARE_SCREENED = 32, 512
#: Buffers of the libraries for matrix products, one per thread.
BYTES_OF_LIBRARIES = 64 << 20


class NeighbourSearch:
    """Finds the rows of a bank with the largest inner products with queries, or the largest cosines.

    The bank stays as it is: its rows are normalised block by block. First, candidates are found by matrix products in
    ``screening`` precision, more of them than wanted. Their similarities are then computed anew in the bank's
    precision, each by itself. A bound of the first similarities' errors tells whether a neighbour may have been missed;
    such queries are searched again in the bank's precision. Hence the neighbours are those of a full search, and
    similarities don't depend on block sizes, on ``screening`` or on the place in the bank. Equally similar rows come
    in the order of the bank. (Only where more than the spare candidates are tied for the last place, as copies of one
    image or of a collapsed network's features are, it is open which of them are taken.)

    For the candidates the mean ``m`` of the bank is taken off: ``q.b = (q - m).(b - m) + m.(b - m) + q.m``, where the
    middle term is one more column, and the last ranks nothing. Rounding errors then shrink with the spread of the
    features, and raw features of masked autoencoders all point almost the same way.

    Args:
        bank: ``(N, C)``.
        normalize: L2-normalise rows and queries: cosines.
        block: Bank rows compared at once.
        part: Queries compared at once.
        screening: Precision of the candidates' search; by default bfloat16 where that is faster and the bank large.

    Raises:
        DataError: If a row of the bank isn't finite.
    """

    def __init__(
        self,
        bank: Tensor,
        normalize: bool = True,
        block: int = 32768,
        part: int = 256,
        screening: torch.dtype | None = None,
    ) -> None:
        self.bank = bank
        self.block = block
        self.part = part
        self.screening = screening or screening_dtype(bank)
        norms = finite_norms(bank, 'the k-NN bank')
        self.scale = norms.clamp_min(_EPS).reciprocal() if normalize else None
        sample = torch.linspace(0, len(bank) - 1, min(len(bank), 4096), device=bank.device).long()
        rows = self._normalized(bank[sample], sample)
        self.mean = rows.mean(0)
        self.spread = (rows - self.mean).norm(dim=1).mean().clamp_min(1e-6)
        self.largest, self.error = self._measured()

    def __call__(self, queries: Tensor, k: int) -> Found:
        """Return the ``k`` most similar rows (at most N) of each query ``(B, C)``, most similar first.

        Raises:
            DataError: If a query isn't finite.
        """
        norms = finite_norms(queries, 'the images to classify')
        rows = queries if self.scale is None else queries / norms.clamp_min(_EPS)[:, None]
        found, sure = self._search(rows, k, self.screening)
        if self.screening != self.bank.dtype and not sure.all():
            found.similarity[~sure], found.rows[~sure] = self._search(rows[~sure], k, self.bank.dtype)[0]
        return found

    def _search(self, queries: Tensor, k: int, dtype: torch.dtype) -> tuple[Found, Tensor]:
        """Find neighbours of normalised queries by way of candidates; tell for which queries none may be missing."""
        spare = _SPARE if dtype == self.bank.dtype else 2 * k + _SPARE_SCREENED
        centred = torch.cat([queries - self.mean, self.spread.expand(len(queries), 1)], dim=1)
        low = centred.to(dtype)
        candidates = self._candidates(low, min(k + spare, len(self.bank)))
        bound = (centred - low).norm(dim=1) * self.largest + low.to(centred.dtype).norm(dim=1) * self.error
        bound += torch.finfo(dtype).eps * candidates.similarity.abs().amax(1)
        bound += centred.shape[1] * torch.finfo(centred.dtype).eps * centred.norm(dim=1) * self.largest
        needed = candidates.similarity[:, k - 1] - 2 * bound
        sure = candidates.similarity[:, -1] < needed
        return self._rescored(queries, candidates, needed, k), sure | (k + spare >= len(self.bank))

    def _candidates(self, queries: Tensor, count: int) -> Found:
        """The ``count`` rows with the largest products in the queries' precision, largest first."""
        best = nothing_found(len(queries), count, queries)
        product = queries.new_empty(self.part * min(self.block, len(self.bank)))
        for start, block in self._blocks(queries.dtype):
            for first in range(0, len(queries), self.part):
                part = queries[first : first + self.part]
                similarity = product[: len(part) * len(block)].view(len(part), len(block))
                torch.mm(part, block.T, out=similarity)
                merge(Found(*(column[first : first + self.part] for column in best)), similarity, start)
        similarity, order = best.similarity.sort(dim=1, descending=True)
        return Found(similarity.to(self.bank.dtype), best.rows.gather(1, order).long())

    def _rescored(self, queries: Tensor, candidates: Found, needed: Tensor, k: int) -> Found:
        """The ``k`` best of the candidates that are similar enough, compared one by one."""
        enough = (candidates.similarity >= needed[:, None]).sum(1)
        step = max(1, _SLICE // (candidates.rows.shape[1] * self.bank.shape[1]))
        found = nothing_found(len(queries), k, queries)._replace(rows=candidates.rows.new_empty(len(queries), k))
        for first in range(0, len(queries), step):
            rows = slice(first, first + step)
            index = candidates.rows[rows, : max(k, int(enough[rows].max()))].sort(1).values
            neighbours = self.bank.index_select(0, index.flatten()).view(*index.shape, -1)
            similarity = neighbours.mul_(queries[rows, None]).sum(2)
            similarity = similarity if self.scale is None else similarity.mul_(self.scale[index])
            ordered, order = similarity.sort(dim=1, descending=True, stable=True)
            found.similarity[rows], found.rows[rows] = ordered[:, :k], index.gather(1, order[:, :k])
        return found

    def _blocks(self, dtype: torch.dtype) -> Iterator[tuple[int, Tensor]]:
        """First row and centred rows of each block; a block is overwritten by the next."""
        buffer = self.bank.new_empty(min(self.block, len(self.bank)), self.bank.shape[1] + 1, dtype=dtype)
        for start in range(0, len(self.bank), self.block):
            block = buffer[: len(self.bank) - start]
            for first, rows in self._slices(start, start + len(block)):
                block[first - start : first - start + len(rows)] = rows
            yield start, block

    def _slices(self, start: int, stop: int) -> Iterator[tuple[int, Tensor]]:
        """First row and centred rows with their further column, some hundred thousand values at a time."""
        step = max(1, _SLICE // self.bank.shape[1])
        for first in range(start, stop, step):
            rows = slice(first, min(first + step, stop))
            centred = self._normalized(self.bank[rows], rows) - self.mean
            yield first, torch.cat([centred, (centred @ self.mean / self.spread)[:, None]], dim=1)

    def _normalized(self, rows: Tensor, where: slice | Tensor) -> Tensor:
        return rows if self.scale is None else rows * self.scale[where, None]

    def _measured(self) -> tuple[Tensor, Tensor]:
        """Largest norm of a centred row, and of what rounding changes in one."""
        norms, errors = [], []
        for _, rows in self._slices(0, len(self.bank)):
            norms.append(rows.norm(dim=1).max())
            errors.append((rows - rows.to(self.screening)).norm(dim=1).max())
        return torch.stack(norms).max(), torch.stack(errors).max()


def finite_norms(features: Tensor, whose: str) -> Tensor:
    """L2 norms of the rows ``(N,)``.

    Raises:
        DataError: If some aren't finite.
    """
    norms = torch.linalg.vector_norm(features, dim=1)
    bad = (~norms.isfinite()).nonzero()[:, 0]
    if len(bad):
        raise DataError(
            f'{len(bad)} of {len(features)} features of {whose} are not finite, the first that of image {int(bad[0])}: '
            'the training diverged, or the checkpoint is damaged.'
        )
    return norms


def working_memory(
    bank: int, width: int, k: int, num_classes: int, chunk: int = 4096, block: int = 32768, part: int = 256
) -> int:
    """Bytes that :func:`sslrecipes.evaluation.knn.weighted_knn` needs at most beside features and labels in float32.

    Args:
        bank: Rows N of the bank.
        width: Channels C.
        k: The largest number of neighbours.
        num_classes: Number of classes.
        chunk: Rows classified at once.
        block: See :class:`NeighbourSearch`.
        part: See :class:`NeighbourSearch`.
    """
    candidates, block = min(3 * k + _SPARE_SCREENED, bank), min(block, bank)
    per_query = 4 * 4 * width + 26 * candidates + 32 * k + 8 * num_classes
    per_comparison = part * (4 * block + 16 * (GROUPS + 1) * candidates)
    return 16 * bank + chunk * per_query + 4 * block * (width + 1) + per_comparison + 32 * _SLICE + BYTES_OF_LIBRARIES
