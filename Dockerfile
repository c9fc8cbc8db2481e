# gunicorn-slots 0.2.0 (MIT), copied from that project. Its CHANGELOG says what is new.
# The image of a Flask app under gunicorn, for Azure App Service or any other container host.
# Copy it into your project with gunicorn.conf.py and gunicorn_slots/. As on App Service, the app is found by itself:
# a Django project's <folder>/wsgi.py, else `app` in the first of application.py, app.py, run.py, index.py, server.py,
# wsgi.py. And its requirements are those of requirements.txt, else of setup.py, else of pyproject.toml with uv.lock,
# with poetry.lock, or with neither.

ARG PYTHON_IMAGE=python:3.13-slim-trixie

# --- what is taken from the folder ---------------------------------------------------------------

FROM ${PYTHON_IMAGE} AS source
# true: the app may write next to its code, as in App Service's built-in image. Whoever can do that can change the code.
ARG WRITABLE=false
# Not below /home: App Service may mount its storage over it.
WORKDIR /srv/app
COPY . .
# Without a .dockerignore (one that leaves itself out counts as none) no secret and nothing that only this machine
# needs gets in: variables, virtual environments, repositories, private keys, whatever their files are called.
# Then the files that say what to install, without what lies in the folder itself, so that a change of code alone
# installs nothing anew. And a clone made under umask 077 has files for its owner alone.
# Without a match grep fails, too.
# hadolint ignore=DL4006
RUN if [ ! -e .dockerignore ]; then \
      find . -mindepth 2 -name pyvenv.cfg -printf '%h\0' | xargs -0 -r rm -rf \
      && find . \( -name .git -o -name .hg -o -name .svn -o -name .venv -o -name venv -o -name antenv \
           -o -name node_modules -o -name __pycache__ -o -name .env -o -name '.env.*' -o -name '*.env' -o -name .envrc \
           -o -name '*.pfx' -o -name '*.p12' -o -name '*.key' -o -name 'id_rsa*' -o -name 'id_ed25519*' \
           -o -name .ssh -o -name .aws -o -name .azure -o -name .netrc -o -name .pgpass -o -name .pypirc \) \
           -prune -exec rm -rf {} + \
      && grep -rlsIZ --exclude='*.py' -e '^-----BEGIN [A-Z ]*PRIVATE KEY-----' . | xargs -0 -r rm -f; \
    fi \
    # Its variables for this stack, which no .dockerignore of its own knows.
    && rm -f app.env \
    && mkdir /requirements \
    && find . -type f \( -name '*.txt' -o -name '*.in' -o -path './requirements/*' -o -path ./pyproject.toml \
         -o -path ./uv.lock -o -path ./poetry.lock \) -exec cp --parents -t /requirements {} + \
    && if [ -e setup.py ]; then touch /requirements/setup.py; fi \
    && find /requirements -type f ! -name '*.lock' ! -name pyproject.toml -exec sed -i -E \
         -e '/^[[:space:]]*(-e|--editable)?[[:space:]=]*(\.|file:|[^-#:@[:space:]][^:@#[:space:]]*\/)/{w /requirements/local' \
         -e 'd}' {} + \
    # Without these two, the stack that load-tests the app mounts its own where the links point.
    && if [ ! -e gunicorn_slots ]; then \
         if [ -e gunicorn.conf.py ]; then mv gunicorn.conf.py not-read.gunicorn.conf.py; fi \
         && ln -s /opt/slots/gunicorn.conf.py /opt/slots/gunicorn_slots .; \
       fi \
    && if [ "${WRITABLE}" = true ]; then chmod -R a+rwX .; else chmod -R a+rX .; fi

# --- what is installed ---------------------------------------------------------------------------

FROM ${PYTHON_IMAGE} AS build
# Debian's packages that a requirement is built with, for instance "gcc libpq-dev" for psycopg2.
ARG BUILD_PACKAGES=""
# Whoever names them may name their versions, too.
# hadolint ignore=DL3008
RUN if [ -n "${BUILD_PACKAGES}" ]; then \
      apt-get update && apt-get install --yes --no-install-recommends ${BUILD_PACKAGES}; \
    fi
ARG WRITABLE=false
# Only for an app whose requirements do not name gunicorn. Pinned: gunicorn_slots was measured with this one.
ARG GUNICORN_VERSION=27.0.1
# Only for an app with uv.lock, or with poetry.lock.
ARG UV_VERSION=0.13.8
ARG POETRY_VERSION=2.5.1
ENV UV_PROJECT_ENVIRONMENT=/opt/venv UV_PYTHON=/opt/venv/bin/python UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy \
    VIRTUAL_ENV=/opt/venv POETRY_NO_INTERACTION=1 PIP_PREFER_BINARY=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt
WORKDIR /requirements
COPY --from=source /requirements .
# A virtual environment without pip: it is all that goes into the image below, and nobody installs there later.
# pip checks hashes by itself as soon as requirements.txt has one.
RUN --mount=type=cache,target=/root/.cache/pip --mount=type=cache,target=/root/.cache/uv \
    python -c 'import sys; sys.exit(sys.version_info < (3, 10) and "PYTHON_IMAGE: Python %d.%d, expected 3.10 or newer" % sys.version_info[:2])' \
    && if ! { python -m venv --without-pip /opt/venv \
    && if [ -e requirements.txt ]; then \
         pip --python /opt/venv/bin/python install --requirement requirements.txt; \
       elif [ -e uv.lock ] && [ ! -e setup.py ]; then \
         python -m venv /opt/tools && /opt/tools/bin/pip install "uv==${UV_VERSION}" \
         && /opt/tools/bin/uv sync --frozen --no-dev --no-install-local; \
       elif [ ! -e setup.py ] && grep -qs '^\[tool\.poetry' pyproject.toml; then \
         python -m venv /opt/tools && /opt/tools/bin/pip install "poetry==${POETRY_VERSION}" \
         && /opt/tools/bin/poetry install --only main --no-root --no-directory; \
       elif [ -e pyproject.toml ]; then \
         python -c 'import importlib, sys; toml = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "pip._vendor.tomli"); print(*toml.load(open("pyproject.toml", "rb")).get("project", {}).get("dependencies", []), sep="\n")' > static.txt \
         && pip --python /opt/venv/bin/python install --requirement static.txt; \
       fi \
    && if [ ! -e /opt/venv/bin/gunicorn ]; then \
         pip --python /opt/venv/bin/python install "gunicorn==${GUNICORN_VERSION}"; \
       fi \
    }; then \
      echo 'The requirements cannot be installed. If a package has to be built (pg_config, gcc or git is not found):' \
        'BUILD_PACKAGES names what it is built with, RUN_PACKAGES what it runs with, as Debian calls them.' >&2 && exit 1; \
    fi
# What is not downloaded but built from the folder itself, if there is such a thing.
WORKDIR /srv/app
COPY --from=source /srv/app .
RUN --mount=type=cache,target=/root/.cache/pip --mount=type=cache,target=/root/.cache/uv \
    if [ -e requirements.txt ]; then \
      if [ -s /requirements/local ]; then pip --python /opt/venv/bin/python install --requirement requirements.txt; fi; \
    elif [ -e setup.py ]; then \
      pip --python /opt/venv/bin/python install .; \
    elif [ -e uv.lock ]; then \
      /opt/tools/bin/uv sync --frozen --no-dev --inexact; \
    elif grep -qs '^\[tool\.poetry' pyproject.toml; then \
      /opt/tools/bin/poetry install --only main || /opt/tools/bin/poetry install --only main --no-root; \
    elif grep -qs '^\[build-system\]' pyproject.toml; then \
      pip --python /opt/venv/bin/python install --editable .; \
    fi \
    # Flask has its instance folder here for an app that is installed, and not run from its folder.
    && mkdir -p /opt/venv/var \
    && if [ "${WRITABLE}" = true ]; then chmod -R a+rwX /opt/venv/var; fi

# --- the image -----------------------------------------------------------------------------------

FROM ${PYTHON_IMAGE}
# Debian's packages that a requirement runs with, for instance libpq5 for psycopg2.
ARG RUN_PACKAGES=""
ARG WRITABLE=false
# A fixed number, so that a host can be told that it isn't root, and volumes can be given to it.
# hadolint ignore=DL3008
RUN if [ -n "${RUN_PACKAGES}" ]; then \
      apt-get update && apt-get install --yes --no-install-recommends ${RUN_PACKAGES} && rm -rf /var/lib/apt/lists/*; \
    fi \
    && useradd --uid 10001 --user-group --create-home --shell /usr/sbin/nologin app \
    && mkdir --parents /srv/app \
    && if [ "${WRITABLE}" = true ]; then chmod a+rwx /srv/app /home; fi
COPY --from=build /opt/venv /opt/venv
# The code stays root's, so the app can't change it, unless it is WRITABLE.
COPY --from=build /srv/app /srv/app
WORKDIR /srv/app
# App Service sets no PORT in a custom container; it is told the port by WEBSITES_PORT, or by EXPOSE.
ENV PATH=/opt/venv/bin:$PATH \
    PORT=8000 \
    PYTHONUNBUFFERED=1
EXPOSE 8000
USER 10001:10001
# Healthy is an answer below 500 within 5 s on PORT, or where gunicorn listens instead; so an app without /healthz is
# healthy too. The image has no curl.
HEALTHCHECK --interval=30s --timeout=6s --start-period=30s --retries=3 \
    CMD ["python", "-I", "gunicorn_slots/health.py"]
# No shell in between, so that gunicorn gets SIGTERM and ends its requests first.
CMD ["gunicorn"]
