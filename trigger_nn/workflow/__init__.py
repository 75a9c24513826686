"""The main job: steps over one recipe, each brought up to date when asked for."""
