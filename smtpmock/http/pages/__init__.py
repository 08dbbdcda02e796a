"""The pages for people; everything that they load is in this folder."""
