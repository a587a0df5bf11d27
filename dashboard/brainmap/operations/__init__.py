"""Operations on images and series, and correlation maps."""
