"""This stack beside what people would use instead: `make bench ARGS=peers` writes docs/peers.md.

servers      what is started, with which command line, and why so
environment  where the servers are installed, apart from all else, and what cannot be built here
served, asgi the app that all of them serve
visit        what is measured of one server while it runs
rounds       who is visited when, and what is left to do of a campaign that was ended
words, page  what is said, and the tables
"""
