"""`make image-check`: builds the images and runs the whole story in them, also where no container engine runs."""
