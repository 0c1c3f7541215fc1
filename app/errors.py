"""What can go wrong while a system starts or runs, in words for the person who started it."""


class StartError(Exception):
    """The system cannot start or go on; the text says why and what to do."""
