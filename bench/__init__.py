"""Benchmarks of the stack."""
