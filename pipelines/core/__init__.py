"""What every pipeline stands on: errors, parameters, progress, records, files of results."""
