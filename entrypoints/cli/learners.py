"""The libraries that only trainings need, which an installation that only serves leaves out."""

LEARNERS = frozenset(
    {
        *("adbc_driver_manager", "adbc_driver_postgresql", "category_encoders", "narwhals"),
        *("pandas", "pyarrow", "scipy", "sklearn", "threadpoolctl"),
    }
)
"""What the extra `train` brings, as it is imported."""
