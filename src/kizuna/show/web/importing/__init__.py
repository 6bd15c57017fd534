"""The import wizard: a file is dropped, looked at, mapped, tried out, loaded."""
