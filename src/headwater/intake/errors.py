"""What can be wrong with a file: one clear sentence each, before anything is handed on."""

from headwater.kit.errors import BadInput


class UnreadableFile(BadInput):
    """The file can not be read as a table of contacts: missing, empty, damaged, or of a kind that is not one."""


class NoUsableColumn(BadInput):
    """No column of the file says who a person is."""


class BadMapping(BadInput):
    """A column named by the user is not in the file, or its meaning is none that Headwater knows."""
