"""Asking people: what is asked, the links it is asked by, and what is kept of it."""
