"""The root file system of the images, made of a base's own files by the Dockerfile."""
