"""The console: one page for the people who value homes and for those who answer for the model.

An adapter like the others: it is made of files, and asks for all it shows through the public API, with the user's key.
"""
