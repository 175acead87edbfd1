"""Code that two services have in common: the published events and the kit that moves them. It knows no service."""
