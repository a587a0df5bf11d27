"""The pages of labels and of trained classifiers of units."""
