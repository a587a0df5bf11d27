"""Models made to do harm: each would make a canary file, crash its reader or fill its memory.

They are made by code, anew for each run, and every door that a model can come in by is tried.
"""
