"""From a recipe to a sample: specification, cached stages, crossings, shards."""
