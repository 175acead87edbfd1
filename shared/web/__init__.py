"""Pages: components, templates, charts, words, static files, the style guide."""
