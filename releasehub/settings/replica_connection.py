"""Connections to the replica whose statements end by themselves if the server does not answer."""

from typing import Any, ClassVar

import psycopg
from psycopg.abc import RV, PQGen


class ReplicaConnection(psycopg.Connection[Any]):
    """A connection that is closed after a statement without an answer.

    A server whose disk hangs, or that was suspended, still acknowledges what it receives. So neither
    `tcp_user_timeout` nor `statement_timeout` ends a statement that was sent to it.
    """

    max_wait_seconds: ClassVar[float] = 5

    def wait(self, gen: PQGen[RV], *arguments: Any, **options: Any) -> RV:
        """Wait for the answer of the server.

        Raises:
            psycopg.OperationalError: The server did not answer in time.
        """
        try:
            return super().wait(gen, *arguments, **{"timeout": self.max_wait_seconds, **options})
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == psycopg.pq.TransactionStatus.ACTIVE:
                self.close()
            raise
