"""From calcium imaging volumes to a map of voxels that are active alike.

Images are read frame by frame (`read`), turned into one time series per voxel and
normalised (`series`), grouped (`kmeans`), coloured so that alike means alike (`colors`)
and painted back into the volume (`maps`). `fit` runs all of it; `demo` simulates data.
"""
