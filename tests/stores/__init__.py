"""Tests of the stores: one suite for all of them."""
