"""The web application: pages for people, an API for programs, beside the collector in one server."""
