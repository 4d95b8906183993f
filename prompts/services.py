"""Create, fill and publish prompt pools."""
