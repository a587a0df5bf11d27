"""What is told of several runs: their report, and what two clusterings share."""
