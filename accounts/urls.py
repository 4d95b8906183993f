from django.urls import path

from accounts import views

urlpatterns = [
    path("sign-in/", views.sign_in_help, name="sign-in-help"),
    path("sign-in/<str:secret>/", views.sign_in, name="sign-in"),
    path("sign-out/", views.sign_out, name="sign-out"),
]
