"""A server that costs nearly nothing: one canned answer with the header. `python canned.py PORT`.

It closes each connection, as gunicorn does with this project's configuration.
"""

import asyncio
import sys

BODY = b"hello\n"
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n"
    b'Server-Timing: queue;dur=0.0, app;dur=0.1, cpu;dur=0.1, gunicorn;desc="pid=17 workers=3 threads=6 '
    b"class=SlotWorker vcpu=1 instance=5e884898 machine=0b14d501 cores=1 "
    b'cpu=12.34 rss=48.1 at=60.123 held=31.416 requests=3211"\r\n\r\n%s' % (len(BODY), BODY)
)


class Canned(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(ANSWER)
        self.transport.close()


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Canned, "127.0.0.1", port)
    await server.serve_forever()


asyncio.run(main(int(sys.argv[1])))
