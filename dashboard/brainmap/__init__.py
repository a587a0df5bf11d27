"""The pages of the brain map."""
