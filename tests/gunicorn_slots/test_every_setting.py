"""Each of gunicorn's own settings from the environment: a good, a bad and the worst value, before anything serves."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import gunicorn.config
import pytest

from gunicorn_slots import bounds
from gunicorn_slots.names import DECLARED, ELSEWHERE, is_hook
from gunicorn_slots.settings import SLOT_VARIABLES
from tests.bed import ROOT
from tests.bed.gunicorn import gunicorn_ends
from tests.conftest import Conf

SETTABLE = [name for name in DECLARED if not is_hook(name) and name not in ELSEWHERE]
HUGE = "9" * 5000  # digits, which Python does not even parse

FLAG = ("true", "maybe", "2")
NUMBER = ("7", "1.5", HUGE)
TEXT = ("text", None, None)  # any text is one: nothing can be wrong with it
FILE = (str(ROOT / "README.md"), "/nope", "/")
ADDRESSES = ("10.0.0.0/8", "10.0.0.1/8", "everywhere")

# Good, bad and worst, where gunicorn's declaration does not say it all; None where there is none.
VALUES: dict[str, tuple[str | None, str | None, str | None]] = {
    "wsgi_app": ("app:app", "nope:app", "nope.wsgi:create()"),
    "bind": ("127.0.0.1:0", "127.0.0.1:x", f"unix:/{'x' * 200}"),
    "worker_class": ("gthread", "gthred", "json:loads"),
    "reload_engine": ("poll", "quick", "inotify2"),
    "reload_extra_files": (FILE[0], "/nope", "/nope,/neither"),
    "chdir": (str(ROOT), "/nope", FILE[0]),
    "raw_env": ("A=1,B=2", "A", "=1"),
    "pidfile": ("/tmp/slots-test.pid", "/nope/pid", "/"),
    "worker_tmp_dir": ("/tmp", "/nope", "/proc"),
    "user": ("0", "nobody-here", HUGE),
    "group": ("0", "nobody-here", "4294967296"),
    "umask": ("022", "abc", "01000"),
    "tmp_upload_dir": ("/tmp", "/nope", FILE[0]),
    "secure_scheme_headers": ('{"X-SSL": "on"}', '{"X-SSL": 1}', "[" * 100_000),
    "forwarded_allow_ips": ADDRESSES,
    "proxy_allow_ips": ADDRESSES,
    "uwsgi_allow_ips": ADDRESSES,
    "accesslog": ("-", "/nope/log", "/"),
    "errorlog": ("-", "/nope/log", "/"),
    "access_log_format": ("%(h)s", "%(h", "%d"),
    "loglevel": ("debug", "loud", "10"),
    "logger_class": ("gunicorn.glogging.Logger", "nope.Logger", "json.JSONDecoder"),
    "logconfig": (None, "/nope", FILE[0]),
    "logconfig_dict": ('{"version": 1}', "{", '{"version": 9, "handlers": {"a": {"class": "nope"}}}'),
    "logconfig_json": (None, "/nope", FILE[0]),
    "syslog_addr": ("udp://localhost:514", "nonsense", "udp://localhost:port"),
    "syslog_facility": ("daemon", "loud", "0"),
    "statsd_host": ("127.0.0.1:8125", "127.0.0.1:port", "::::"),
    "pythonpath": ("/tmp", "/nope", "/tmp,/nope"),
    "proxy_protocol": ("off", "perhaps", "v9"),
    "protocol": ("http", "gopher", "h2"),
    "keyfile": (None, "/nope", FILE[0]),
    "certfile": (None, "/nope", FILE[0]),
    "cert_reqs": ("1", "abc", "99"),
    "ca_certs": (None, "/nope", FILE[0]),
    "ciphers": ("HIGH", "nonsense", "!"),
    "http_protocols": ("h1", "h9", "h2,h9"),
    "http2_cleartext": ("off", "perhaps", "on off"),
    "raw_paste_global_conf": ("a=1", "a", "="),
    "header_map": ("drop", "keep", "drop refuse"),
    "asgi_loop": ("auto", "quick", "2"),
    "asgi_lifespan": ("off", "perhaps", "2"),
    "http_parser": ("python", "quick", "fast"),
    "dirty_apps": ("json:Decoder", "nope:App", ":"),
    "control_socket_mode": ("0600", "abc", "07777"),
    "workers": ("2", "two", "99999999999"),
    "threads": ("2", "two", "99999999999"),
    "http2_max_frame_size": ("16384", "1", HUGE),
    "http2_max_concurrent_streams": ("7", "0", HUGE),
}


def values(name: str) -> tuple[str | None, str | None, str | None]:
    setting = DECLARED[name]
    if name in VALUES:
        return VALUES[name]
    if setting.action in ("store_true", "store_const"):
        return FLAG
    if setting.type is int:
        return NUMBER
    assert setting.validator is gunicorn.config.validate_string or setting.validator.__name__.endswith("_to_list"), name
    return TEXT


def test_none_is_left_out() -> None:
    assert set(VALUES) <= set(SETTABLE)
    assert {name for name in SETTABLE if values(name) is TEXT} == {
        *("control_socket", "default_proc_name", "dogstatsd_tags", "forwarder_headers", "proc_name", "root_path"),
        *("statsd_prefix", "syslog_prefix"),
    }


@pytest.mark.parametrize("name", SETTABLE)
def test_a_good_value_is_taken(conf: Conf, name: str) -> None:
    if (good := values(name)[0]) is None:
        return  # a file of its own kind, below
    DECLARED[name].copy().set(vars(conf({f"GUNICORN_{name.upper()}": good}))[name])


@pytest.mark.parametrize("name", [name for name in SETTABLE if values(name) is not TEXT])
def test_a_bad_and_the_worst_value_are_refused_in_one_line(conf: Conf, name: str) -> None:
    variable = f"GUNICORN_{name.upper()}"
    for bad in values(name)[1:]:
        assert bad is not None
        with pytest.raises(SystemExit) as ended:
            conf({variable: bad}, [] if name == "wsgi_app" else ["app:app"])
        line = str(ended.value.code)
        assert re.match(rf"gunicorn\.conf\.py: ({variable}|app|chdir)=", line), line
        assert "expected" in line
        assert "\n" not in line
        assert len(line) < 600


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_the_environment_cannot_set(conf: Conf, name: str) -> None:
    with pytest.raises(SystemExit, match=f"GUNICORN_{name.upper()}=true: expected {ELSEWHERE[name].split()[0]}"):
        conf({f"GUNICORN_{name.upper()}": "true"})


def test_files_of_their_own_kind(conf: Conf, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps({"version": 1}))
    bad.write_text("[]")
    conf({"GUNICORN_LOGCONFIG_JSON": str(good)})
    with pytest.raises(SystemExit, match=r"LOGCONFIG_JSON=.*: expected a configuration .*no JSON object"):
        conf({"GUNICORN_LOGCONFIG_JSON": str(bad)})


def test_bounds_are_of_settings() -> None:
    assert {*bounds.AT_LEAST_ONE, *bounds.MOST_OF} <= set(DECLARED)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("PRELOAD", "PRELOAD_APP"),
        ("WROKERS", "WORKERS"),
        ("KEEP_ALIVE", "KEEPALIVE"),
        ("LOG_LEVEL", "LOGLEVEL"),
        ("ACCESS_LOG", "ACCESSLOG"),
        ("ENV", "RAW_ENV"),
        ("GRACEFUL", "GRACEFUL_TIMEOUT"),
        ("CMD_ARG", "CMD_ARGS"),
        ("NAME", "PROC_NAME"),
    ],
)
def test_what_was_meant_can_be_set(conf: Conf, name: str, meant: str) -> None:
    with pytest.raises(SystemExit, match=f"GUNICORN_{name}=x: .* did you mean GUNICORN_{meant}\\?"):
        conf({f"GUNICORN_{name}": "x"})


@pytest.mark.parametrize("name", ["CONF", "CONFIG", "CONFIG_FILE"])
def test_a_configuration_file_is_for_the_command_line(conf: Conf, name: str) -> None:
    with pytest.raises(SystemExit, match=f"GUNICORN_{name}=x.py: .*expected on the command line: -c names"):
        conf({f"GUNICORN_{name}": "x.py"})


def test_what_others_put_under_the_prefix_is_ignored(conf: Conf) -> None:
    """Docker's legacy links, with all that the other container has in its environment, and images' own versions."""
    conf(
        {
            "GUNICORN_NAME": "/web/gunicorn",
            "GUNICORN_ENV_SECRET_KEY": "x",
            "GUNICORN_ENV_GUNICORN_WORKERS": "9",
            "GUNICORN_PORT": "tcp://172.17.0.5:8000",
            "GUNICORN_PORT_8000_TCP": "tcp://172.17.0.5:8000",
            "GUNICORN_PORT_8000_TCP_PROTO": "tcp",
            "GUNICORN_PORT_8000_TCP_ADDR": "172.17.0.5",
            "GUNICORN_PORT_8000_TCP_PORT": "8000",
            "GUNICORN_PORT_8000_TCP_PORT_START": "8000",
            "GUNICORN_PORT_8000_TCP_END": "8010",
            "GUNICORN_WEB_NAME": "/app/gunicorn_web",
            "GUNICORN_WEB_ENV_PATH": "/bin",
            "GUNICORN_VERSION": "27.0.1",
        }
    )


def test_every_variable_of_ours_is_known() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "gunicorn_slots").glob("*.py"))
    sources += (ROOT / "docker-compose.yml").read_text() + (ROOT / "docs" / "variables.md").read_text()
    assert set(re.findall(r"\bSLOT_[A-Z_]*[A-Z]\b", sources)) - {"SLOT_VARIABLES"} == set(SLOT_VARIABLES)


@pytest.mark.parametrize(
    ("name", "hint"),
    [("SLOT_HEAD_SECOND", "did you mean SLOT_HEAD_SECONDS\\?"), ("SLOT_X", "expected one of SLOT_HEAD_SECONDS, ")],
)
def test_a_misspelt_one_of_ours(conf: Conf, name: str, hint: str) -> None:
    with pytest.raises(SystemExit, match=f"{name}=5: there is no such variable: {hint}"):
        conf({name: "5"})
    conf({name: ""})


def test_what_gunicorn_keeps_for_itself(conf: Conf) -> None:
    conf({"GUNICORN_PID": str(os.getppid())})
    with pytest.raises(SystemExit, match="GUNICORN_PID=abc: expected no such variable: "):
        conf({"GUNICORN_PID": "abc"})


@pytest.mark.process
@pytest.mark.parametrize(
    "environ",
    [
        {"GUNICORN_PIDFILE": "/nope/pid"},
        {"GUNICORN_USER": "999999999999"},
        {"GUNICORN_LOGGER_CLASS": "nope.Logger"},
        {"GUNICORN_SYSLOG": "true", "GUNICORN_SYSLOG_ADDR": "unix:///nope"},
        {"GUNICORN_DAEMON": "true"},
        {"GUNICORN_LOGCONFIG_JSON": "/nope"},
        {"GUNICORN_THREADS": "99999999999"},
        {"GUNICORN_CERTFILE": FILE[0]},
        {"SLOT_HEAD_SECOND": "5"},
    ],
    ids=str,
)
def test_before_anything_serves(environ: dict[str, str]) -> None:
    """Before, each of these was a traceback, or was ignored, or ended the container without a word."""
    done = gunicorn_ends([], environ)
    assert done.returncode == 1
    assert re.fullmatch(r"gunicorn\.conf\.py: [^\n]+\n", done.stderr)
