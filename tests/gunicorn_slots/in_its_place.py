"""A plugin for pytest: where gunicorn's tests ask for its ThreadWorker, they get SlotWorker."""

from gunicorn.workers import gthread

from gunicorn_slots import SlotWorker

gthread.ThreadWorker = SlotWorker
