// The least that a null build can do: list every directory (getdents64) and ask for every entry's stamp (statx), on
// THREADS threads. Usage: look DIRECTORY THREADS; prints the number of entries.
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct queue {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  char **paths;
  size_t count, capacity;
  int active;
};

static struct queue queue = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, 0, 0};
static uint64_t seen, sum;

static void push(char *path) {
  pthread_mutex_lock(&queue.mutex);
  if (queue.count == queue.capacity) {
    queue.capacity = queue.capacity ? queue.capacity * 2 : 256;
    queue.paths = realloc(queue.paths, queue.capacity * sizeof *queue.paths);
  }
  queue.paths[queue.count++] = path;
  pthread_cond_signal(&queue.changed);
  pthread_mutex_unlock(&queue.mutex);
}

static void list(const char *path, char *buffer, size_t size, uint64_t *entries, uint64_t *stamps) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ssize_t count;
  while ((count = getdents64(fd, buffer, size)) > 0) {
    for (ssize_t at = 0; at < count;) {
      struct dirent64 *entry = (void *)(buffer + at);
      at += entry->d_reclen;
      const char *name = entry->d_name;
      if (name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]))) continue;
      struct statx status;
      if (statx(fd, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &status)) continue;
      ++*entries;
      *stamps += status.stx_ino ^ status.stx_size ^ (uint64_t)status.stx_mtime.tv_nsec ^ status.stx_ctime.tv_nsec;
      if (S_ISDIR(status.stx_mode)) {
        char *below;
        if (asprintf(&below, "%s/%s", path, name) > 0) push(below);
      }
    }
  }
  close(fd);
}

static void *work(void *unused) {
  (void)unused;
  size_t size = 1 << 16;
  char *buffer = malloc(size);
  uint64_t entries = 0, stamps = 0;
  pthread_mutex_lock(&queue.mutex);
  for (;;) {
    while (!queue.count && queue.active) pthread_cond_wait(&queue.changed, &queue.mutex);
    if (!queue.count) break;
    char *path = queue.paths[--queue.count];
    queue.active++;
    pthread_mutex_unlock(&queue.mutex);
    list(path, buffer, size, &entries, &stamps);
    free(path);
    pthread_mutex_lock(&queue.mutex);
    if (!--queue.active && !queue.count) pthread_cond_broadcast(&queue.changed);
  }
  seen += entries;
  sum += stamps;
  pthread_mutex_unlock(&queue.mutex);
  free(buffer);
  return 0;
}

int main(int count, char **arguments) {
  if (count != 3) return 2;
  int threads = atoi(arguments[2]);
  push(strdup(arguments[1]));
  pthread_t others[64];
  for (int i = 1; i < threads && i < 64; i++) pthread_create(&others[i], 0, work, 0);
  work(0);
  for (int i = 1; i < threads && i < 64; i++) pthread_join(others[i], 0);
  printf("%llu\n", (unsigned long long)seen);
  return sum == 1;  // The stamps must be read: the compiler cannot leave them out.
}
