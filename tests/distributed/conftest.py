"""Run a function on several ranks, forked from this warm process and joined by gloo."""

import multiprocessing as mp
import os
import socket
import traceback

import pytest

TIMEOUT = 120


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
    """``run_ranks(function, world=2)`` returns ``[function(rank, world), ...]``; results must be picklable."""

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
