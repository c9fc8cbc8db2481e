"""Benchmarks: `python -m bench` measures and writes docs/benchmarks.md. The tests use its server and load too."""
