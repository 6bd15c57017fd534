"""Signing in, roles, sessions and keys."""
