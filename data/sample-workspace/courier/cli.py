"""The command line: serve, send, queue."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from courier import __version__
from courier.api import ApiServer
from courier.config import Config, load_config
from courier.dispatcher import Dispatcher
from courier.errors import CourierError
from courier.http_client import HttpClient
from courier.message import Message
from courier.metrics import Metrics
from courier.storage import QueueStore
from courier.tokens import TokenIssuer


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("courier", description="Deliver webhooks at least once.")
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("--config", type=Path)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="run the API and the workers")
    send = commands.add_parser("send", help="queue one message")
    send.add_argument("url")
    send.add_argument("--body", default="{}")
    queue = commands.add_parser("queue", help="inspect the queue")
    queue.add_argument("action", choices=["stats", "reclaim"])
    return parser


def main(arguments: list[str] | None = None) -> int:
    options = build_parser().parse_args(arguments)
    try:
        config = load_config(options.config)
        if options.command == "serve":
            return serve(config)
        store = QueueStore(config.database)
        if options.command == "send":
            store.enqueue(Message(options.url, options.body.encode()))
        elif options.action == "stats":
            sys.stdout.writelines(f"{state:8} {n}\n" for state, n in sorted(store.counts().items()))
        else:
            sys.stdout.write(f"{store.reclaim_expired()} messages reclaimed\n")
    except CourierError as error:
        sys.stderr.write(f"courier: {error}\n")
        return 1
    return 0


def serve(config: Config) -> int:
    """Run until SIGTERM, then drain."""
    metrics = Metrics()
    secret = config.signing_secret.encode()
    dispatcher = Dispatcher(config, HttpClient(config.request_timeout, secret or None), metrics)
    host, _, port = config.listen.rpartition(":")
    issuer = TokenIssuer({"default": secret or b"development"}, "default")
    server = ApiServer((host, int(port)), config.database, issuer, metrics)
    signal.signal(signal.SIGTERM, lambda *_: server.shutdown())
    dispatcher.start()
    server.serve_forever()
    return 0 if dispatcher.drain() else 2


if __name__ == "__main__":
    raise SystemExit(main())
