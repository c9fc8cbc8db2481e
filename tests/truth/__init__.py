"""Apps of other people, as it were: what the analysis says of them, and what comes of doing as it says.

known     what each is, how it runs, and which verdicts are right
apps/     the apps; users/ what is requested of them; fronts/ what nginx does before them
services  what they need: PostgreSQL, nginx, another service
campaign  runs one, takes its verdict, follows it, and compares
page      the table, docs/truth.md; `make truth` writes it
"""
