"""Words in the languages the project speaks: English, Japanese and Danish."""
