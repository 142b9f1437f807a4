// The whole C API of the SQLite that Debian ships, with the options Debian builds it with.
#include <sqlite3.h>
