from django.db import connection
from django.http import HttpResponse
from django.urls import path


def index(request):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS vote (id INTEGER PRIMARY KEY)")
    return HttpResponse("django")


urlpatterns = [path("", index)]
