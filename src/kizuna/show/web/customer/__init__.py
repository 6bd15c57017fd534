"""How one customer is shown: the entries of the timeline, and the sheet of what is known."""
