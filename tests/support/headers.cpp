// Nothing: the tests' common headers are precompiled in this file's name.
