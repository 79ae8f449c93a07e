"""Blocks of futures on one process, on several, or on a cluster: the same function, another executor.

A block is addressed by its number, so where it runs changes nothing. Blocks come as they are finished.

A process is handed the model once, and works with one thread: as many processes as cores want no threads of the linear algebra
beside them.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from typing import Any, TypeVar, cast

from qujiang.errors import QujiangError, ScenarioError
from qujiang.plan.futures import Block, FutureModel, run_block

#: A process or worker that ends unasked is replaced so often before the run gives up.
TRIES = 3
#: Told to the linear algebra before a process begins: it reads them when it is first imported.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
#: A cluster must answer within so many seconds.
CLUSTER_WAIT_S = 10.0


Number = TypeVar("Number", bound=Hashable)
#: What is done with a model, a seed and a block's number (or whatever says which block is meant, and how it is run).
Job = Callable[[FutureModel, int, Any], Block]


def run_blocks(
    model: FutureModel,
    seed: int,
    numbers: Sequence[Number],
    workers: int = 1,
    cluster: str | None = None,
    *,
    job: Job | None = None,
) -> Iterator[tuple[Number, Block]]:
    """Blocks by number, as they are finished; leaving early cancels what has not begun.

    Parameters
    ----------
    job
        A function of a module; `qujiang.plan.futures.run_block` by default.

    Raises
    ------
    ScenarioError
        The cluster cannot be reached, the extra is not installed, or processes keep ending unasked.
    """
    done = cast("Job", run_block) if job is None else job
    if cluster is not None:
        yield from _on_cluster(model, seed, numbers, cluster, done)
    elif workers == 1 or len(numbers) < 2:
        yield from ((number, done(model, seed, number)) for number in numbers)
    else:
        yield from _on_processes(model, seed, numbers, min(workers, len(numbers)), done)


#: The model of a process that runs blocks, handed over once when it begins.
_own: list[FutureModel] = []


def _done(job: Job, seed: int, number: Any) -> Block:
    return job(_own[0], seed, number)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Processes that begin meanwhile have one thread each; this process keeps what it has."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _on_processes(
    model: FutureModel, seed: int, numbers: Sequence[Number], workers: int, job: Job
) -> Iterator[tuple[Number, Block]]:
    left = list(numbers)
    for _ in range(TRIES):
        pool = ProcessPoolExecutor(
            workers, mp_context=get_context("spawn"), initializer=_begin_process, initargs=(model,)
        )
        try:
            with _one_thread():
                waiting = {pool.submit(_done, job, seed, number): number for number in left}
            for future in as_completed(waiting):
                block = future.result()
                left.remove(waiting[future])
                yield waiting[future], block
            return
        except BrokenProcessPool:
            continue  # a process was killed: what it had not finished is run again
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    raise ScenarioError(f"processes kept ending unasked ({TRIES} times): too little memory? ask for fewer --workers")


def _begin_process(model: FutureModel) -> None:
    """Interrupts are the parent's; and where the parent is killed, nothing stays behind."""
    _own[:] = [model]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: Any) -> None:
    parent.join()
    os._exit(1)


def _on_cluster(
    model: FutureModel, seed: int, numbers: Sequence[Number], address: str, job: Job
) -> Iterator[tuple[Number, Block]]:
    from concurrent.futures import CancelledError

    client = connect(address)
    try:
        from distributed import KilledWorker
        from distributed import as_completed as finished

        left, reason = list(numbers), None
        for _ in range(TRIES):
            # What was scattered is lost with the workers that hold it, and whatever needs it is cancelled: it is sent
            # again, and what was not finished is run again.
            shared = client.scatter(model, broadcast=True, hash=False)
            waiting = {client.submit(job, shared, seed, number, pure=False, retries=TRIES): number for number in left}
            for future in finished(list(waiting)):
                try:
                    block = future.result()
                except (CancelledError, KilledWorker) as lost:
                    reason = lost
                    continue
                except QujiangError:
                    raise
                except Exception as error:
                    raise ScenarioError(
                        f"the cluster at {address} failed at block {waiting[future]}: {error}"
                    ) from None
                left.remove(waiting[future])
                yield waiting[future], block
                future.release()
            if not left:
                return
        raise ScenarioError(
            f"the cluster at {address} lost blocks {TRIES} times, last: {reason}; are its workers well?"
        )
    finally:
        client.close(timeout=5)


def connect(address: str) -> Any:
    """A client of a Dask cluster.

    Raises
    ------
    ScenarioError
        The extra is not installed, the address is no address, nothing answers, or the cluster has no worker.
    """
    try:
        from distributed import Client
    except ImportError:
        raise ScenarioError("--cluster needs the extra: pip install 'qujiang[cluster]'") from None
    if not address.startswith(("tcp://", "tls://")):
        raise ScenarioError(f"--cluster {address}: must be the address of a scheduler, as tcp://host:8786")
    try:
        client = Client(address, timeout=CLUSTER_WAIT_S)
    except (OSError, ValueError) as reason:
        raise ScenarioError(f"no cluster answers at {address}: start `dask scheduler` there ({reason})") from None
    try:
        client.wait_for_workers(1, timeout=CLUSTER_WAIT_S)
    except TimeoutError:
        client.close(timeout=5)
        raise ScenarioError(f"the cluster at {address} has no worker: start `dask worker {address}`") from None
    return client
