#define _GNU_SOURCE
#include "csys.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int cs_pipe_cloexec(int fds[2]) { return pipe2(fds, O_CLOEXEC); }

int cs_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int cs_actions_addchdir(posix_spawn_file_actions_t *actions, const char *directory) {
  return posix_spawn_file_actions_addchdir_np(actions, directory);
}

int cs_actions_addclosefrom(posix_spawn_file_actions_t *actions, int from) {
  return posix_spawn_file_actions_addclosefrom_np(actions, from);
}

int cs_reap_pidfd(int pidfd, int nohang, int *exited, int *code, long *maxrss_kb) {
  siginfo_t info;
  struct rusage usage;
  info.si_pid = 0;
  // The raw call gives the resource usage too.
  if (syscall(SYS_waitid, P_PIDFD, pidfd, &info, WEXITED | (nohang ? WNOHANG : 0), &usage) != 0) return -1;
  if (info.si_pid == 0) {
    errno = EAGAIN;
    return -1;
  }
  *exited = info.si_code == CLD_EXITED;
  *code = info.si_status;
  if (maxrss_kb) *maxrss_kb = usage.ru_maxrss;
  return 0;
}

char **cs_environment(void) { return environ; }

static int signal_writer = -1;

static void on_signal(int signal) {
  int saved = errno;
  unsigned char byte = (unsigned char)signal;
  (void)!write(signal_writer, &byte, 1);
  errno = saved;
}

int cs_signal_pipe(void) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC)) return -1;
  // Only the writer: a handler must never wait.
  fcntl(fds[1], F_SETFL, O_NONBLOCK);
  signal_writer = fds[1];
  return fds[0];
}

int cs_trap(int signal) {
  struct sigaction before;
  if (signal == SIGHUP && !sigaction(signal, 0, &before) && before.sa_handler == SIG_IGN) return 0;
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  sigfillset(&action.sa_mask);
  return sigaction(signal, &action, 0);
}

ssize_t cs_getdents64(int fd, void *buffer, size_t count) { return syscall(SYS_getdents64, fd, buffer, count); }

int cs_map_populate(void) { return MAP_POPULATE; }

int cs_begin_write_back(int file, off_t offset, off_t count) {
  return sync_file_range(file, offset, count, SYNC_FILE_RANGE_WRITE);
}

ssize_t cs_copy_file_range(int from, off_t offset, int to, size_t count) {
  return copy_file_range(from, &offset, to, 0, count, 0);
}
