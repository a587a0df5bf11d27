"""Files of images, each kind with its reader. Light."""
