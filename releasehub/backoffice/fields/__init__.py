"""Form fields and list cells of the admin: lists of words, sizes with units, relative times, and Markdown."""
