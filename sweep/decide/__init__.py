"""Decides from runs alone: pure, without a process, a clock or a file."""
