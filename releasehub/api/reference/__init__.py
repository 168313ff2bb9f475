"""The reference of the APIs as pages: the OpenAPI schema comes in, operations with their fields and examples go out.

Open `operations.py` first. `fields.py` turns JSON Schema into rows of a table.
"""
