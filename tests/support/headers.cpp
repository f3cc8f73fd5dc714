// Nothing: the sanitized builds precompile the tests' common headers in this file's name.
