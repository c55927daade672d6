"""`serve`: the inference toolkit's part. Prepares the code, starts workers, and answers on the socket
that CLARY_SERVE_SOCKET names, or on port 8080 as in an image."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from clary_runtime import http_front, inference, paths, user_code, worker
from clary_runtime.errors import UserError
from clary_runtime.job import cpu_count
from clary_runtime.training import report_failure, start_log, versions

log = logging.getLogger("clary")

MOST_WORKERS = 256
STOP_SECONDS = 5


def number(name: str, default: int, most: int) -> int:
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    if not text.isdigit() or not 1 <= int(text) <= most:
        raise UserError(f"{name} takes a number from 1 to {most}, not '{text}'")
    return int(text)


def prepare_code() -> None:
    named = os.environ.get("SAGEMAKER_SUBMIT_DIRECTORY", "")
    archive = Path(named.removeprefix("file://"))
    if named and not named.startswith("s3://") and archive.is_file():
        paths.CODE.mkdir(parents=True, exist_ok=True)
        user_code.unpack(archive, paths.CODE)
    folder = inference.code_folder()
    inference.script_path(folder)  # what is missing is said before pip takes its time
    if folder.is_dir():
        user_code.install_requirements(folder)


def worker_environment(workers: int) -> dict[str, str]:
    """Workers side by side must not each take all cores, unless the model's variables say so."""
    environment = dict(os.environ)
    if environment.get("OMP_NUM_THREADS", "") in ("", str(cpu_count())):
        environment["OMP_NUM_THREADS"] = str(max(1, cpu_count() // workers))
    return environment


class Server:
    def __init__(self) -> None:
        self.workers = number("SAGEMAKER_MODEL_SERVER_WORKERS", cpu_count(), MOST_WORKERS)
        timeout = number("SAGEMAKER_MODEL_SERVER_TIMEOUT", 60, 24 * 3600)
        self.pool = http_front.Pool(timeout, self._start_worker, self._give_up)
        self.environment = worker_environment(self.workers)
        self.processes: dict[http_front.Worker, subprocess.Popen] = {}
        self.tasks: set[asyncio.Task] = set()
        self.stop = asyncio.Event()
        self.stopping = False
        self.parameters = {"MaxConcurrentTransforms": self.workers, "BatchStrategy": "MULTI_RECORD",
                           "MaxPayloadInMB": 6}

    def _start_worker(self, pool: http_front.Pool) -> None:
        if not self.stopping:
            task = asyncio.get_running_loop().create_task(self._connect_worker(pool))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _connect_worker(self, pool: http_front.Pool) -> None:
        ours, theirs = socket.socketpair()
        process = subprocess.Popen([sys.executable, sys.argv[0], "worker", str(theirs.fileno())],
                                   pass_fds=[theirs.fileno()], env=self.environment)
        theirs.close()
        ours.setblocking(False)
        protocol = http_front.Worker(pool)
        protocol.kill = process.kill
        pool.workers.add(protocol)
        self.processes = {known: child for known, child in self.processes.items()
                          if child.poll() is None}
        self.processes[protocol] = process
        await asyncio.get_running_loop().create_connection(lambda: protocol, sock=ours)

    def _give_up(self) -> None:
        self.stop.set()

    async def _listen(self) -> asyncio.AbstractServer:
        loop = asyncio.get_running_loop()
        path = os.environ.get("CLARY_SERVE_SOCKET")
        make = lambda: http_front.Connection(self.pool, self.parameters)  # noqa: E731
        if path:
            return await loop.create_unix_server(make, path, backlog=1024)
        port = number("SAGEMAKER_BIND_TO_PORT", 8080, 65535)
        return await loop.create_server(make, "0.0.0.0", port, backlog=1024)

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self.stop.set)
        listener = await self._listen()
        for _ in range(self.workers):
            self._start_worker(self.pool)
        await self.stop.wait()
        self.stopping = True
        listener.close()
        await self._end_workers()
        if self.pool.ever_ready or not self.pool.failed:
            return 0 if self.pool.ever_ready else 1
        report_failure(self.pool.failed)
        return 1

    async def _end_workers(self) -> None:
        """What they work on is finished, for some seconds."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + STOP_SECONDS
        while loop.time() < deadline and any(known.connection for known in self.pool.workers):
            await asyncio.sleep(0.02)
        for process in self.processes.values():
            process.kill()
        for process in self.processes.values():
            process.wait()


async def serve() -> int:
    return await Server().run()


def main() -> int:
    if sys.argv[1:2] == ["worker"]:
        return worker.main(int(sys.argv[2]))
    start_log()
    log.info("The environment %s serves this model: %s", os.environ.get("CLARY_ENVIRONMENT", ""),
             versions())
    try:
        prepare_code()
        return asyncio.run(serve())
    except UserError as error:
        report_failure(str(error))
        return 1
