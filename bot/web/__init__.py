"""The web: one Sanic server for the pupils' chat and the readers' inbox."""
