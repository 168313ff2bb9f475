"""A channel of Redis on which processes tell each other about changes, so that they clear their caches at once.

Messages are only hints: without Redis, or if one is lost, entries of the caches expire after a second anyway. So no
request waits for Redis: a timer sends the messages of the last moment together, and a thread receives those of others.
"""

import logging
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from threading import Lock, Thread, Timer
from typing import Any

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

CHANNEL = "releasehub:changes"
SEND_SECONDS = 0.03  # changes within this time share a message
REST_SECONDS = 0.1  # between two clearings, so that a busy hub still profits from its caches
MAX_MESSAGES = 1000  # that are received together
RETRY_SECONDS = 5.0
TIMEOUT_SECONDS = 1.0
log = logging.getLogger(__name__)


class ChangeChannel:
    """The end of the channel in this process. A topic is the name of a cache."""

    def __init__(self) -> None:
        self._id = uuid.uuid4().hex
        self._lock = Lock()
        self._waiting: set[str] = set()
        self._clear: dict[str, Callable[[], None]] = {}
        self._listener: Thread | None = None
        self._quiet_until = 0.0

    def register(self, topic: str, clear: Callable[[], None]) -> None:
        """Set the function that clears the cache of this topic after a change in another process."""
        self._clear[topic] = clear

    def announce(self, topic: str) -> None:
        """Tell the other processes soon about a change that was committed."""
        if not settings.REDIS_URL or time.monotonic() < self._quiet_until:
            return
        with self._lock:
            is_first = not self._waiting
            self._waiting.add(topic)
        if is_first:
            Timer(SEND_SECONDS, self._send).start()

    def listen(self) -> None:
        """Receive messages from now on. Every process that fills a cache calls this, as often as it likes."""
        if self._listener is not None or not settings.REDIS_URL:
            return
        with self._lock:
            if self._listener is None:
                self._listener = Thread(target=self._run, name="change channel", daemon=True)
                self._listener.start()

    def _send(self) -> None:
        with self._lock:
            topics, self._waiting = self._waiting, set()
        try:
            with Redis.from_url(
                settings.REDIS_URL, socket_connect_timeout=TIMEOUT_SECONDS, socket_timeout=TIMEOUT_SECONDS
            ) as redis:
                redis.publish(CHANNEL, " ".join([self._id, *sorted(topics)]))
        except RedisError as error:
            self._quiet_until = time.monotonic() + RETRY_SECONDS
            log.debug("Other processes could not be told about a change. Cause: %s", error)

    def _run(self) -> None:
        while True:
            try:
                self._receive_all()
            except (RedisError, OSError) as error:
                log.debug("Changes of other processes cannot be received. Cause: %s", error)
            except Exception:  # nothing that arrives may end the thread, because none would follow it
                log.exception("A change of another process could not be received.")
            time.sleep(RETRY_SECONDS)

    def _receive_all(self) -> None:
        with (
            Redis.from_url(settings.REDIS_URL, socket_connect_timeout=TIMEOUT_SECONDS, socket_keepalive=True) as redis,
            redis.pubsub(ignore_subscribe_messages=True) as subscription,
        ):
            subscription.subscribe(CHANNEL)
            while True:
                time.sleep(REST_SECONDS if self.receive(waiting_messages(subscription)) else 0)

    def receive(self, messages: Iterable[dict[str, Any]]) -> bool:
        """Clear the caches that messages of other processes name. Return whether there was anything to clear."""
        topics: set[str] = set()
        for message in messages:
            data = message["data"]  # text if REDIS_URL asks for it with `decode_responses`
            sender, *named = (data if isinstance(data, str) else bytes(data).decode(errors="replace")).split(" ")
            if sender != self._id:
                topics.update(named)
        for topic in topics & self._clear.keys():
            self._clear[topic]()
        return bool(topics)


def waiting_messages(subscription: Any) -> Iterator[dict[str, Any]]:
    """Wait for a message, and yield it and those behind it.

    Many processes send more messages than one that rests after each of them could ever receive.
    """
    message = subscription.get_message(timeout=None)
    for _ in range(MAX_MESSAGES):
        if message is None:
            return
        yield message
        message = subscription.get_message()
    if message is not None:
        yield message


channel = ChangeChannel()
