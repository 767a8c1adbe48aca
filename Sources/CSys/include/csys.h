#pragma once
#include <stddef.h>
#include <spawn.h>
#include <sys/types.h>

// GNU's part of libc, which Swift's Glibc module does not show.

int cs_pipe_cloexec(int fds[_Nonnull 2]);
int cs_pidfd_open(pid_t pid);
int cs_actions_addchdir(posix_spawn_file_actions_t *_Nonnull actions, const char *_Nonnull directory);
/// Closes every descriptor from `from` in the child.
int cs_actions_addclosefrom(posix_spawn_file_actions_t *_Nonnull actions, int from);
/// Reaps; 0 with the status filled in, or -1 with errno.
int cs_reap_pidfd(int pidfd, int nohang, int *_Nonnull exited, int *_Nonnull code, long *_Nullable maxrss_kb);
/// Our environment, for posix_spawn.
char *_Nullable *_Nonnull cs_environment(void);
/// The read end of a pipe; every trapped signal writes its number there.
int cs_signal_pipe(void);
/// A hang-up that is ignored (nohup) stays so.
int cs_trap(int signal);
/// One getdents64 call: bytes read, 0 at the end, -1 with errno.
ssize_t cs_getdents64(int fd, void *_Nonnull buffer, size_t count);
/// The flag of mmap that reads the file at once.
int cs_map_populate(void);
/// Lets the disk write so many bytes from `offset` on, without waiting: 0, or -1 with errno.
int cs_begin_write_back(int file, off_t offset, off_t count);
/// Copies from `offset` of one file to where the other stands: bytes copied, 0 at the end, -1 with errno.
ssize_t cs_copy_file_range(int from, off_t offset, int to, size_t count);
