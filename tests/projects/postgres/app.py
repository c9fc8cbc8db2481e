import os

import psycopg2
from flask import Flask

app = Flask(__name__)
DATABASE_URL = os.environ["DATABASE_URL"]


@app.get("/")
def index():
    connection = psycopg2.connect(DATABASE_URL)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT current_database()")
            return cursor.fetchone()[0]
    finally:
        connection.close()
