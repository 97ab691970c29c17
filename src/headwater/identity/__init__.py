"""Level 3: who. First form: workspaces. Users, keys and roles come with the API."""

from headwater.identity.workspaces import Workspace, enter_workspace

__all__ = ["Workspace", "enter_workspace"]
