"""gunicorn's gthread as it is: accepts up to 1000 connections a worker, keep-alive 2 s."""

workers, threads = 3, 6
control_socket_disable = True
