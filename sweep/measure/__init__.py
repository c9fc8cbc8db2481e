"""Measures one setting: gunicorn, Locust, and an observer from outside. Knows nothing of what comes of it."""
