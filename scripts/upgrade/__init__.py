"""Tries an upgrade, and the way back: `python -m scripts.upgrade.check`."""
