"""``python -m partwise_dask tcp://scheduler:8786``: between TypeScript clients and a Dask cluster."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hmac
import json
import logging
import os
import secrets
import ssl
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from . import __version__, wire
from .cluster import Cluster, ClusterProblem, facts_of, versions
from .plain_error import NodeFailed, plain_error
from .session import Session
from .value import INLINE_BYTES, Bytes

logger = logging.getLogger("partwise.gateway")

PROTOCOL = 1
#: Before the token is checked, nobody may make the gateway hold more than this.
MAX_HELLO = 4096


class Connection:
    """One TypeScript client."""

    def __init__(
        self, cluster: Cluster, token: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._cluster = cluster
        self._token = token
        self._reader = reader
        self._stream = writer
        self._writer = wire.Writer(writer)
        self._session: Session | None = None
        self._jobs: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Answers until the client goes away."""
        try:
            if not await self._hello():
                return
            session = self._session = Session(self._cluster, lambda header, payload: self._send(header, [payload]))
            while True:
                header, payload = await wire.read(self._reader)
                await self._dispatch(session, header, payload)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            if self._session is not None:
                await self._session.close()
            self._writer.close()

    async def _hello(self) -> bool:
        header, _ = await asyncio.wait_for(wire.read(self._reader, MAX_HELLO), 10)
        if not hmac.compare_digest(str(header.get("token")).encode(), self._token.encode()):
            error = "the gateway does not know this token. Pass the one it was started with as `token`."
            self._send({"op": "hello", "ok": False, "error": error})
        elif header.get("protocol") != PROTOCOL or header.get("version") != __version__:
            error = (
                f"the gateway is partwise-dask {__version__}, this is partwise {header.get('version')}. "
                f"Run `pip install partwise-dask=={header.get('version')}` where the gateway runs."
            )
            self._send({"op": "hello", "ok": False, "error": error})
        else:
            self._send({"op": "hello", "ok": True, **await facts_of(self._cluster)})
            return True
        await self._stream.drain()
        return False

    async def _dispatch(self, session: Session, header: dict[str, Any], payload: Bytes) -> None:
        op = header["op"]
        if op == "submit":
            # In order: a later message may name its keys.
            blobs = [bytes(part) for part in split(payload, header["sizes"])]
            await self._answer(header, session.submit(header["run"], header["tasks"], blobs, header["keep"]))
        elif op == "put":
            data, *specs = split(payload, header["sizes"])
            await self._answer(
                header,
                session.put(
                    header["key"],
                    data if len(data) > INLINE_BYTES else bytes(data),
                    header.get("source"),
                    bytes(specs[0]) if specs else None,
                    everywhere=bool(header.get("everywhere")),
                ),
            )
        elif op == "release":
            session.release(header["keys"])
        else:
            self._later(self._answer(header, self._ask(session, op, header)))

    async def _ask(self, session: Session, op: str, header: dict[str, Any]) -> Any:
        if op == "fetch":
            pieces = await session.fetch(header["keys"])
            return {"sizes": [len(piece) for piece in pieces]}, pieces
        if op == "cancel":
            return await session.cancel(header["run"])
        if op == "locate":
            return await session.locate(header["keys"])
        if op == "workers":
            return await self._cluster.describe()
        if op == "facts":
            return await facts_of(self._cluster)
        if op == "wait_for_workers":
            return await self._cluster.wait_for_workers(header["count"], header["timeout"])
        if op == "logs":
            return await self._cluster.logs(header.get("lines"))
        if op == "report":
            return await self._cluster.report(header["path"])
        if op == "rebalance":
            return await session.rebalance(header.get("keys"))
        raise ValueError(f"the gateway knows no request {op!r}")

    async def _answer(self, header: dict[str, Any], work: Any) -> None:
        try:
            result = await work
            payload: Sequence[Bytes] = ()
            if isinstance(result, tuple):
                result, payload = result
            self._send({"op": "answer", "id": header["id"], "ok": True, "result": result}, payload)
        except NodeFailed as failure:
            self._send(
                {
                    "op": "answer",
                    "id": header["id"],
                    "ok": False,
                    "error": failure.error,
                    "cancelled": failure.cancelled,
                }
            )
        except KeyError as error:
            why = "it was not kept, was released, or belongs to another engine."
            unknown = f"Engine: there is no value {error.args[0]}; {why}"
            self._send(
                {
                    "op": "answer",
                    "id": header["id"],
                    "ok": False,
                    "error": plain_error("PartwiseError", unknown),
                }
            )
        except Exception as error:
            logger.exception("a request failed")
            text = f"Dask engine: {type(error).__name__}: {error}"
            self._send({"op": "answer", "id": header["id"], "ok": False, "error": plain_error("PartwiseError", text)})

    def _later(self, work: Any) -> None:
        job = asyncio.get_running_loop().create_task(work)
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)

    def _send(self, header: dict[str, Any], payload: Sequence[Bytes] = ()) -> None:
        self._writer.send(header, payload)


def split(payload: Bytes, sizes: list[int]) -> list[memoryview]:
    """A payload as the parts that were put together: views of it."""
    parts, at = [], 0
    for size in sizes:
        parts.append(memoryview(payload)[at : at + size])
        at += size
    return parts


async def serve(options: argparse.Namespace, token: str) -> None:
    """Attaches, listens, says where on the standard output, and serves until the standard input ends."""
    security = security_of(options)
    try:
        cluster = await Cluster.attach(options.scheduler, home_of(options.home), security, options.timeout)
    except ClusterProblem as error:
        _give_up({"problem": str(error)})
    except TypeError as error:
        # How Dask says that it has no certificates.
        if "ssl_context" not in str(error):
            raise
        need = (
            "pass `tls: { ca, cert, key }` to connect() (or --tls-ca, --tls-cert, --tls-key), or configure Dask's own"
        )
        _give_up({"problem": f"{options.scheduler} speaks TLS, and there are no certificates: {need}."})
    except (OSError, TimeoutError) as error:
        _give_up({"failed": type(error).__name__, "message": str(error) or type(error).__name__})

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Connection(cluster, token, reader, writer).serve()

    server = await asyncio.start_server(accept, options.host, options.port, limit=2**22, ssl=server_tls(options))
    port = server.sockets[0].getsockname()[1]
    print(json.dumps({"port": port, "versions": versions(), "build": cluster.build}), flush=True)
    gone = asyncio.Event()
    if options.until_stdin_ends:
        _watch_stdin(gone)
    lost = asyncio.create_task(_scheduler_lost(cluster, gone))
    await gone.wait()
    lost.cancel()
    server.close()
    if cluster.client.status == "running":
        # The client has gone: what it had under way is stopped.
        await asyncio.sleep(0.2)
        with contextlib.suppress(Exception):
            await asyncio.wait_for(cluster.client.close(), 2)
    # Not through the interpreter's end: threads that wait for the scheduler or for the input would hold it up.
    sys.stdout.flush()
    os._exit(0)


def _give_up(why: dict[str, str]) -> NoReturn:
    print(json.dumps(why), flush=True)
    # At once: a client that has not reached its scheduler takes its time to end.
    os._exit(3)


def _watch_stdin(gone: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    def watch() -> None:
        sys.stdin.buffer.read()
        loop.call_soon_threadsafe(gone.set)

    threading.Thread(target=watch, daemon=True).start()


async def _scheduler_lost(cluster: Cluster, gone: asyncio.Event) -> None:
    while cluster.client.status == "running":
        await asyncio.sleep(0.1)
    print(json.dumps({"lost": "scheduler"}), flush=True)
    gone.set()


def security_of(options: argparse.Namespace) -> Any:
    """Dask's view of the TLS options; None without any."""
    if options.tls_ca is None:
        return None
    from distributed import Security

    return Security(
        tls_ca_file=options.tls_ca,
        tls_client_cert=options.tls_cert,
        tls_client_key=options.tls_key,
        require_encryption=True,
    )


def server_tls(options: argparse.Namespace) -> ssl.SSLContext | None:
    """TLS for clients from other machines; a gateway that listens on this machine only needs none."""
    if options.tls_cert is None or options.host in ("127.0.0.1", "localhost", "::1"):
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=options.tls_ca)
    context.load_cert_chain(options.tls_cert, options.tls_key)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def home_of(given: str | None) -> str:
    """The npm package whose build workers get: the one named, else the one this file is in, else none."""
    chosen = given or os.environ.get("PARTWISE_HOME")
    if chosen:
        return os.path.abspath(chosen)
    sidecar = Path("dist", "src", "engine", "dask", "sidecar.js")
    return next((str(folder) for folder in Path(__file__).resolve().parents if (folder / sidecar).is_file()), "")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    line = argparse.ArgumentParser(prog="partwise-dask-gateway", description=__doc__)
    line.add_argument("scheduler", help="address of the Dask scheduler, such as tcp://scheduler:8786")
    line.add_argument("--host", default="127.0.0.1", help="where to listen (this machine only, unless given)")
    line.add_argument("--port", type=int, default=0, help="where to listen; any free port unless given")
    line.add_argument("--token", help="what clients have to know; else PARTWISE_TOKEN, else a new one is printed")
    line.add_argument(
        "--home", help="folder of the partwise npm package; PARTWISE_HOME, or the one this is in, unless given"
    )
    line.add_argument("--timeout", type=float, default=10.0, help="seconds to wait for the scheduler")
    line.add_argument("--tls-ca", help="certificate of the authority (PEM)")
    line.add_argument("--tls-cert", help="own certificate (PEM)")
    line.add_argument("--tls-key", help="own key (PEM)")
    line.add_argument("--until-stdin-ends", action="store_true", help="stop when the standard input ends")
    return line


def main() -> None:
    """The command line's entry."""
    logging.basicConfig(level=os.environ.get("PARTWISE_LOG", "WARNING"), stream=sys.stderr)
    options = parser().parse_args()
    token = options.token or os.environ.get("PARTWISE_TOKEN")
    if not token:
        token = secrets.token_urlsafe(24)
        print(json.dumps({"token": token}), flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(options, token))
