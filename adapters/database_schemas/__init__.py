"""Tasador's tables in a database, and how they change from one version of the program to the next."""
