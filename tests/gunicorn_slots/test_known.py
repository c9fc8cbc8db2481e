"""A configuration that is read once is the same for everybody who asks."""

from __future__ import annotations

import pytest
from gunicorn.config import Config

from gunicorn_slots.known import know_all


def test_every_value_is_as_it_was() -> None:
    plain, known = Config(), Config()
    know_all(known)
    for name in plain.settings:
        assert str(getattr(known, name)) == str(getattr(plain, name)), name
    assert set(vars(plain)) <= set(vars(known))


def test_what_is_set_later_is_seen() -> None:
    cfg = Config()
    know_all(cfg)
    cfg.set("keepalive", 7)
    cfg.set("certfile", "cert.pem")
    assert (cfg.keepalive, cfg.settings["keepalive"].get(), bool(cfg.is_ssl)) == (7, 7, True)


def test_what_gunicorn_computes_is_computed() -> None:
    cfg = Config()
    know_all(cfg)
    cfg.set("worker_class", "gthread")
    cfg.set("bind", "127.0.0.1:1")
    assert (cfg.worker_class_str, cfg.address) == ("gthread", [("127.0.0.1", 1)])


def test_what_is_no_setting_is_refused_as_before() -> None:
    cfg = Config()
    know_all(cfg)
    with pytest.raises(AttributeError, match="No configuration setting for: no_such"):
        _ = cfg.no_such
    with pytest.raises(AttributeError, match="No configuration setting for: no_such"):
        cfg.set("no_such", 1)
    with pytest.raises(AttributeError, match="Invalid access!"):
        cfg.keepalive = 1


def test_a_configuration_of_ones_own_class_stays_as_it_is() -> None:
    class Own(Config):  # type: ignore[misc]
        pass

    cfg = Own()
    know_all(cfg)
    assert type(cfg) is Own
    assert "keepalive" not in vars(cfg)
