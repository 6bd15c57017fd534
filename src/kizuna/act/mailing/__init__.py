"""The templates of the mails that are sent."""
