"""Small shared things with no domain in them; nothing here imports an app."""
