"""Profiles: named settings and rules, modelled on what providers and servers publish; TOML files."""
