"""Routes of the pages."""

from django.urls import path

from prompts import views

urlpatterns = [
    path("pools/", views.pools, name="pools"),
    path("pools/upload/", views.upload, name="pool-upload"),
    path("pools/uploads/<int:pk>/", views.preview, name="pool-preview"),
    path("pools/uploads/<int:upload>/progress/", views.progress, name="pool-progress"),
    path("pools/uploads/<int:pk>/discard/", views.discard, name="pool-discard"),
    # A pool may be called "upload": its pages all lie below versions/.
    path("pools/<slug:slug>/versions/", views.pool, name="pool"),
    path("pools/<slug:slug>/versions/<int:number>/", views.version, name="pool-version"),
    path("pools/<slug:slug>/versions/<int:number>/publish/", views.publish, name="pool-publish"),
    path("pools/<slug:slug>/versions/<int:number>/delete/", views.delete, name="pool-delete"),
    path(
        "pools/<slug:slug>/versions/<int:number>/references/",
        views.references,
        name="pool-references",
    ),
]
