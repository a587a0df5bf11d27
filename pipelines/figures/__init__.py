"""Figures as PNG and SVG text, with axes, units and captions. Light."""
