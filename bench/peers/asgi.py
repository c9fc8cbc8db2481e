"""The same app for a server that speaks ASGI: its own six threads in each process."""

from a2wsgi import WSGIMiddleware

from bench.peers import served

app = WSGIMiddleware(served.app, workers=6)
