"""What can go wrong in the sandbox itself (not the faults it plays)."""


class SandboxError(Exception):
    """Parent of the sandbox's own errors; the text is one sentence for a person."""


class UsageError(SandboxError):
    """The command line or a settings request names something that does not exist: correct it and try again."""
