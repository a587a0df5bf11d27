"""The science of Neuroboard, on arrays and files. Nothing here knows of the web."""

__version__ = "0.1.0"
