"""The report: one period of a business on paper or in a mail, in any of the languages."""
