"""The worker: it is told what is due, claims it from the database, does it, and records how it ended."""
