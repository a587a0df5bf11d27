"""Fitted estimators as files that run nothing, and the closed process that reads pickles."""
