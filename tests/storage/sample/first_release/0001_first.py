from importlib import import_module

Migration = import_module("tests.storage.sample.migrations.0001_first").Migration
