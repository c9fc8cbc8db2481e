# gunicorn-slots 0.2.0 (MIT), copied from that project. Its CHANGELOG says what is new.
# The image of a Flask app under gunicorn, for Azure App Service or any other container host.
# Copy it into your project with gunicorn.conf.py and gunicorn_slots/: it needs a requirements.txt and one of
# application.py, app.py, run.py, index.py, server.py, wsgi.py (or a package of such a name) that holds `app`; as on
# App Service, a Django project's <folder>/wsgi.py comes first.

ARG PYTHON_IMAGE=python:3.13-slim-trixie

FROM ${PYTHON_IMAGE} AS build
# Only for a requirements.txt that does not name gunicorn. Pinned: gunicorn_slots was measured with this one.
ARG GUNICORN_VERSION=27.0.1
WORKDIR /build
COPY requirements.txt .
# A virtual environment without pip: it is all that goes into the image below, and nobody installs there later.
# pip checks hashes by itself as soon as requirements.txt has one.
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m venv --without-pip /opt/venv \
    && pip --python /opt/venv/bin/python install --requirement requirements.txt \
    && if [ ! -e /opt/venv/bin/gunicorn ]; then \
         pip --python /opt/venv/bin/python install "gunicorn==${GUNICORN_VERSION}"; \
       fi
# Not below /home: App Service may mount its storage over it. A clone made under umask 077 has files for its owner alone.
COPY . /srv/app
RUN chmod -R a+rX /srv/app

FROM ${PYTHON_IMAGE}
# A fixed number, so that a host can be told that it isn't root, and volumes can be given to it.
RUN useradd --uid 10001 --user-group --create-home --shell /usr/sbin/nologin app
COPY --from=build /opt/venv /opt/venv
# The code stays root's, so the app can't change it.
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
