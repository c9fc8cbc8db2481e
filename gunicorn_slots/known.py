# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""gunicorn's configuration, read once: each request asks for some twenty settings, each of which is a search."""

from __future__ import annotations

from typing import Any

from gunicorn.config import Config


class KnownConfig(Config):  # type: ignore[misc] # gunicorn ships no types
    """A configuration whose values are plain attributes. What `set` changes is seen at once."""

    def set(self, name: str, value: Any) -> None:
        super().set(name, value)
        know(self, name)


def know(cfg: Config, name: str) -> None:
    """Have a setting's value found at once, unless gunicorn computes what is read by that name."""
    if not hasattr(Config, name):
        vars(cfg)[name] = cfg.settings[name].get()


def know_all(cfg: Config) -> None:
    """Have all values found at once; a configuration of somebody's own class stays as it is."""
    if type(cfg) is Config:
        for name in cfg.settings:
            know(cfg, name)
        cfg.__class__ = KnownConfig
