"""An ENT of a few lines that mounts the téléservices."""
