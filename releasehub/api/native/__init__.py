"""The API that the hub adds to the dialects: uploads, update checks, people, statistics, pictures and events."""
