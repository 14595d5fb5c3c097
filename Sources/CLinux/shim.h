// What Swift's Glibc module leaves out because it is not POSIX.
#pragma once
#include <sys/epoll.h>

/// accept(2) that sets SOCK_CLOEXEC and SOCK_NONBLOCK at once, so that no child process inherits a client.
///
/// Declared by hand: including <sys/socket.h> here would take its enums away from the Glibc module.
extern int linux_accept4(int descriptor, void *address, unsigned int *length, int flags) __asm__("accept4");

/// pipe(2) whose ends no child process inherits, but for those that it is given.
extern int linux_pipe2(int descriptors[2], int flags) __asm__("pipe2");

/// posix_spawn_file_actions_addchdir_np(3): where the program works. The first argument is the address of the actions.
extern int linux_spawn_addchdir(void *actions, const char *path) __asm__("posix_spawn_file_actions_addchdir_np");

/// posix_spawn_file_actions_addclosefrom_np(3): the program gets no descriptor from this number on.
extern int linux_spawn_addclosefrom(void *actions, int first) __asm__("posix_spawn_file_actions_addclosefrom_np");
