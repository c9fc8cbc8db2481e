"""The test bed, for tests and benchmarks: starts the real things on cores of their own, drives them, and waits.

gunicorn  a server in a block, and what it says from outside
locust    a load test to its end, or in a block; its figures and its analysis
compose   the containers of docker-compose.yml
docker    the engine
clients   clients that are not as polite as a load generator; users accounts for each request of plain ones
cores     which core the app gets, and which the load
waiting   waits for what is going to happen, instead of for the clock
"""

from sweep import ROOT
from sweep.measure.processes import clean_environ, free_port

__all__ = ["ROOT", "clean_environ", "free_port"]
