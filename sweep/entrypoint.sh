#!/bin/sh
# Runs the sweep as the user to whom reports/ belongs on the host, so that this user can read and delete what it
# writes. Where that is root (a rootless engine, or Docker Desktop, where root here is you), root it stays.
set -eu
export SWEEP_COMMAND="docker compose run --rm sweep" # what the report says to repeat it
owner=$(stat --format %u:%g reports)
exec setpriv --reuid "${owner%:*}" --regid "${owner#*:}" --clear-groups \
  /opt/sweep/bin/python -m sweep "$@"
