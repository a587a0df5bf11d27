"""Operations on series, and correlation maps."""
