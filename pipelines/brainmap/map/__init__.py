"""The folders of a brain map: of the map itself, of a first look, of a correlation."""
