"""From a file to its workspace: pages that list workspaces, new ones, links of earlier versions."""
