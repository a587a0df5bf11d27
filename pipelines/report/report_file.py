"""The name of a report's file, for those who do not write one."""

FILE = "report.html"
