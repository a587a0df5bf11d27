"""Where blocks of voxels are worked on: here, on Dask, on Spark. Light."""
