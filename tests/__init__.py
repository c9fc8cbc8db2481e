"""The tests lie as what they test does: tests/sweep/decide/test_search.py is about sweep/decide/search.py.

Besides, bed/ starts what tests and benchmarks need; containers/ is about the image and the compose stack; resilience/
about faults and rough clients, of which `make resilience` does more; truth/ has apps whose bottleneck is known, and a
few of those that `make truth` measures; and the files here are about those of the root.

A test that starts a program has the marker `process`, one that measures `alone`; what is left are unit tests, and
`make check` runs those.
"""
