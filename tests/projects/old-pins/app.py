from flask import Flask, Markup

app = Flask(__name__)
app.route("/")(lambda: Markup("<b>old-pins</b>"))
