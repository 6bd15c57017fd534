"""One module a page: what it reads, and the template it fills."""
