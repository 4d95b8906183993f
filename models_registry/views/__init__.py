"""The pages of endpoints, models and generation runs."""
