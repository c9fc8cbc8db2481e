"""Exact by settings alone: as many connections as threads, no keep-alive."""

workers, threads = 3, 6
worker_connections, keepalive = 6, 0
control_socket_disable = True
