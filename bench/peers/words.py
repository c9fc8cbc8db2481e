"""What docs/peers.md says around its tables. It follows from how the servers are made, and holds whoever is faster."""

WAVES = """One route waits 100 ms; 36 clients ask for hello, which answers at once, on connections that they keep
and on new ones; 18 clients ask for 5 MB. A run of 2 s ends amid a wave of the route that waits: 18 slots
can answer 171 a second in it. A server whose slots are exact has that at 18 clients too; one that deals
its connections out blindly has less, as some requests wait in one process while another has free
threads."""

COSTS = """CPU time of all processes of a server for a hello, kept and not, and their memory, shared pages counted
once: idle after the first thousands of requests, loaded at the most, 18 responses of 5 MB on their way
included. While hello wanted all of its core, the kernel's network and other programs had {others:.0%} of
it at most."""

HANGS = """Seventeen requests hang, so one slot of 18 is left, and somebody asks for hello on a new connection, over
and over for 1.5 s in each round. Then, with a fresh server, 18 clients have sent half a head, and
somebody waits for an answer; that was done once. A server that holds a thread for each client who is
slow has none left then, and where connections are dealt out blindly, it is chance who is caught. This
stack takes such a slot back after `SLOT_HEAD_SECONDS`, 10 unless set, and that of a request that hangs
after `SLOT_REQUEST_SECONDS`, 240: see [reliability](reliability.md)."""

OF = {
    "gunicorn gthread": """What `--threads` gives everybody on App Service: up to 18 at a time and kept
  connections, but a process with no thread to spare goes on taking connections. Take it where nothing waits,
  or where no code but gunicorn's may run.""",
    "gunicorn sync": """A process for each slot, so slots are exact, and `timeout` ends a request that
  hangs. Take it where the app is not thread-safe and there is memory for 18 of it.""",
    "gunicorn gevent": """It never runs out of slots, so nothing waits in front of the app. All that the app
  calls has to cooperate: what blocks in C blocks every request of its process, and a database gets all
  requests at once. Take it where requests only wait, and in Python.""",
    "waitress": """One process reads whole requests and sends whole responses for 18 threads with one
  queue, so slots are exact, and slow clients hold none. Pure Python and small. It has one GIL, so one core;
  nothing takes its place when it crashes, and nothing takes back a thread that hangs. Take it where one
  process is enough.""",
    "uWSGI": """Its parser is C, and its threads take connections from the queue that all processes
  share, so slots are exact. Half a head holds one until `--socket-timeout`, a request that hangs until
  `--harakiri`, if that is set. It needs a C compiler where it is installed, and its documentation says that
  it is in maintenance mode. Take it where it runs already.""",
    "granian": """HTTP is Rust, so it costs least, and slow clients hold no thread. Each process has a
  listening socket of its own, among which the kernel deals out connections without regard to who is free. Its
  documentation advises against numbers that are meant for other servers. Take it where there are very many
  short requests.""",
    "cheroot": """One process and 18 threads, as waitress, but a thread reads the request, so a slow
  client holds it until `--timeout`. Take it where CherryPy is.""",
    "uvicorn, a2wsgi": """Each request goes through an event loop and then to a thread. Take it for an app
  that is ASGI, and has some WSGI in it.""",
}

THIS = """This stack is for those who stay with gunicorn, with its settings, hooks, signals and logs: exact slots
over all processes, limits for what hangs, and the figures of each request."""
