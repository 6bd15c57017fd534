"""Asking over HTTP: the hosted pages, the interface for programs, and what a widget needs."""
