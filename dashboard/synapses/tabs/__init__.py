"""Light. The tabs of a table's workspace: Table, Map, Evidence, Classifier, Predict."""
