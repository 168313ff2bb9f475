"""Form fields and cells of the admin for people: words, sizes, times and Markdown."""
