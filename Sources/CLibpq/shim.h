#include <libpq-fe.h>
#include <spawn.h>

// glibc hides these behind _GNU_SOURCE, which the Swift importer does not define. The private cluster's server must
// not inherit Weir's sockets. (glibc 2.34 and 2.29.)
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);
