"""Files from elsewhere, opened so that none leads out of itself: HDF5, zarr, MATLAB. Light."""
