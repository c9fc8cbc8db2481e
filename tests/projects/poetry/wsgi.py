from recipes import make_app

app = make_app()
