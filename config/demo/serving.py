"""Keeps the demo's endpoint alive beside the served site."""

from config.demo import endpoint
from models_registry.models import ModelEndpoint
from models_registry.services.endpoints import update_endpoint


def start_endpoint() -> None:
    """Start the demo's endpoint, and tell the registry when it had to take another port."""
    url = endpoint.start()
    registered = ModelEndpoint.objects.filter(slug="demo").first()
    if registered and registered.base_url != url:
        update_endpoint(endpoint=registered, base_url=url)
