"""Operations on images and series, correlation, and statistics across voxels. Light."""
