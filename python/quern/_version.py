"""The version of the package, which is that of the library it is for. A test compares it with
quern/version.h."""

VERSION = "0.1.0"
