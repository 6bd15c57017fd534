"""From what is known to what is done: asking people, and (later) goals, alerts and deeds."""
