"""Readings: what the meters measured, kept for charts and reports, on SQLite or PostgreSQL."""
