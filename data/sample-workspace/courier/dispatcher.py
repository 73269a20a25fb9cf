"""The heart of the service: workers that lease messages, deliver them, and settle what became of them."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict

from courier.circuit import CircuitBreaker
from courier.config import Config
from courier.errors import CircuitOpenError, PermanentError, TransientError
from courier.http_client import HttpClient
from courier.message import Message
from courier.metrics import Metrics
from courier.ratelimit import Throttle
from courier.retry import retry_with_backoff
from courier.storage import QueueStore

log = logging.getLogger(__name__)
IDLE_SECONDS = 0.5
PARK_SECONDS = 900.0
MAX_ROUNDS = 8


class Dispatcher:
    """Runs the workers. Short troubles are retried in place; long ones park the message for a quarter hour."""

    def __init__(self, config: Config, client: HttpClient, metrics: Metrics) -> None:
        self._config = config
        self._client = client
        self._metrics = metrics
        self._throttle = Throttle(config.rate_per_host, config.burst)
        self._breakers: defaultdict[str, CircuitBreaker] = defaultdict(CircuitBreaker)
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        for number in range(self._config.workers):
            thread = threading.Thread(target=self._work, args=(f"worker-{number}",), daemon=True)
            thread.start()
            self._threads.append(thread)

    def drain(self, timeout: float = 30.0) -> bool:
        """Graceful shutdown: take nothing new, finish what is under way; False if time ran out."""
        self._stopping.set()
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self, name: str) -> None:
        store = QueueStore(self._config.database)
        while not self._stopping.is_set():
            store.reclaim_expired()
            message = store.lease(name)
            if message is None:
                self._stopping.wait(IDLE_SECONDS)
            else:
                self.settle(store, message.attempted())
        store.close()

    def settle(self, store: QueueStore, message: Message) -> None:
        """Deliver a leased message, then acknowledge, park or bury it."""
        try:
            retry_with_backoff(lambda: self._attempt(message), self._config.retry)
        except PermanentError as error:
            store.bury(message, str(error))
            self._metrics.count("dead", message.host)
        except TransientError as error:
            self._park(store, message, error)
        else:
            store.acknowledge(message.id)
            self._metrics.count("delivered", message.host)

    def _attempt(self, message: Message) -> None:
        breaker = self._breakers[message.host]
        breaker.before_call()
        self._throttle.wait(message.host)
        try:
            with self._metrics.timed("delivery_seconds", message.host):
                self._client.deliver(message)
        except TransientError:
            breaker.failed()
            raise
        breaker.succeeded()

    def _park(self, store: QueueStore, message: Message, error: TransientError) -> None:
        if message.attempts >= MAX_ROUNDS and not isinstance(error, CircuitOpenError):
            store.bury(message, f"gave up after {message.attempts} rounds: {error}")
            self._metrics.count("dead", message.host)
            return
        store.release(message, due_at=time.time() + PARK_SECONDS)
        self._metrics.count("parked", message.host)
