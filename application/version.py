"""Which release this is: the wheel, the command line, the API, the image and the bill of materials all read it here."""

VERSION = "0.1.0"
