"""The command `codeintel-server`: its options, its log, and the connection that it serves."""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import logging
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from codeintel import __version__
from codeintel.indexing.memory import collect_in_quiet_moments, share_memory
from codeintel.lsp.log import LEVELS, start_log
from codeintel.lsp.server import CodeIntelServer
from codeintel.lsp.transport import Streams, accept, stdio_streams

log = logging.getLogger(__name__)


SWITCH_INTERVAL_S = 0.001
"""How long a thread may keep the interpreter while another wants it. An answer passes through five threads: at Python's
5 ms each, indexing would add its delay to every one of them."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Serve one client and exit: with 0 after shutdown and exit, with 1 where the client just left."""
    options = _parser().parse_args(arguments)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    collect_in_quiet_moments()
    share_memory()
    start_log(options.log_file, options.log_level)
    streams = _tcp_streams(*options.tcp) if options.tcp else stdio_streams()
    code, idle = asyncio.run(_serve(streams))
    if not idle:
        log.warning(
            "some work did not stop in time and is abandoned; the index stays as it was last published"
        )
    logging.shutdown()
    # Everything is closed. An ordinary exit would wait for threads that did not stop, and have DuckDB's package report
    # every object that one of them still holds.
    sys.stderr.flush()
    os._exit(code)


async def _serve(streams: Streams) -> tuple[int, bool]:
    return await CodeIntelServer().serve(streams)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="codeintel-server",
        description="The codeintel language server. It speaks LSP over stdin and stdout, or over TCP.",
    )
    parser.add_argument(
        "--tcp",
        type=loopback_address,
        metavar="[HOST:]PORT",
        help="listen on this machine for one client; port 0 takes a free one and logs it",
    )
    parser.add_argument("--log-file", type=Path, metavar="FILE", help="append the log to FILE, not to stderr")
    parser.add_argument("--log-level", choices=LEVELS, help="default: the setting log.level")
    parser.add_argument("--version", action="version", version=f"codeintel-server {__version__}")
    return parser


def loopback_address(text: str) -> tuple[str, int]:
    """`[HOST:]PORT` with a host that no other machine can reach; the protocol has no authentication."""
    host, _, port = text.rpartition(":")
    host = host.strip("[]") or "127.0.0.1"
    if not port.isdecimal() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{port!r} is not a port")
    if host == "localhost":
        return "127.0.0.1", int(port)
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local:
        raise argparse.ArgumentTypeError(f"{host!r} is not a loopback address; only this machine may connect")
    return host, int(port)


def _tcp_streams(host: str, port: int) -> Streams:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=1)
    sys.stderr.write("codeintel-server listens on {}:{}\n".format(*listener.getsockname()[:2]))
    sys.stderr.flush()
    return accept(listener)
