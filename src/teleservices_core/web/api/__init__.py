"""The read-only JSON API, for an ENT that draws its own tiles: the pages' decisions and rights."""
