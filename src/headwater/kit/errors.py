"""The root of every error that a user may see.

Parents say what can be done, leaves say what happened. ``str(error)`` is one clear sentence: which value, where, and
what to do about it.
"""


class HeadwaterError(Exception):
    """Something a user can read and act on; the command line prints it and leaves with ``exit_code``."""

    exit_code = 1


class BadInput(HeadwaterError):
    """The caller gave something that can not be used; nothing was written."""

    exit_code = 2


class Unavailable(HeadwaterError):
    """A part that Headwater needs (database, resolver, sandbox) can not be reached now; trying later may work."""

    exit_code = 2
