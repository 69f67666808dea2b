"""The version of the package and of its library. A test compares it with quern/version.h."""

VERSION = "0.1.0"
