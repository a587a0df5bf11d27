"""Rows that tests add to the program's lists in one place, to find them everywhere."""
