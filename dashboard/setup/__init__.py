"""The set-up of a workspace, and how a chosen file shows itself before anything is run."""
