"""Keep-alive while a thread is free: idle connections come on top of the threads, none is kept under full load."""

from gunicorn.workers.gthread import ThreadWorker


class KeepingWorker(ThreadWorker):  # type: ignore[misc] # gunicorn ships no types
    """A gthread worker whose two limits follow what its connections do."""

    @property
    def worker_connections(self) -> int:
        """How many connections it may hold: idle ones take no thread."""
        return int(self.cfg.threads + len(self.keepalived_conns) + len(self.pending_conns))

    @worker_connections.setter
    def worker_connections(self, value: int) -> None:
        pass  # gunicorn sets it once, from the configuration

    @property
    def max_keepalived(self) -> int:
        """How many idle connections it may keep: none while all threads are busy."""
        return 0 if self.nr_conns - len(self.keepalived_conns) >= self.cfg.threads else 1000

    @max_keepalived.setter
    def max_keepalived(self, value: int) -> None:
        pass


workers, threads, keepalive = 3, 6, 75
worker_class = KeepingWorker
control_socket_disable = True
