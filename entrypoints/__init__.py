"""How the world talks to Tasador."""
