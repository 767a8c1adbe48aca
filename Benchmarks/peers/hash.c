// The least that a first run can do: open, read and hash (EVP, SHA-256) every file of a list, on THREADS threads.
// Usage: hash LIST THREADS; LIST has a path on each line; prints the number of files.
#define _GNU_SOURCE
#include <fcntl.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 64, BUFFER = 128 << 10 };
static char **paths;
static size_t count, next, hashed;
static unsigned char (*digests)[32];
static EVP_MD *algorithm;

static void *work(void *unused) {
  (void)unused;
  unsigned char *buffer = malloc(BUFFER);
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  EVP_DigestInit_ex(context, algorithm, 0);
  for (;;) {
    size_t first = __atomic_fetch_add(&next, PIECE, __ATOMIC_RELAXED);
    if (first >= count) break;
    for (size_t i = first; i < first + PIECE && i < count; i++) {
      int fd = open(paths[i], O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
      if (fd < 0) continue;
      EVP_DigestInit_ex(context, 0, 0);
      ssize_t got;
      while ((got = read(fd, buffer, BUFFER)) > 0) {
        EVP_DigestUpdate(context, buffer, got);
        if (got < BUFFER) break;
      }
      EVP_DigestFinal_ex(context, digests[i], 0);
      close(fd);
      __atomic_fetch_add(&hashed, 1, __ATOMIC_RELAXED);
    }
  }
  EVP_MD_CTX_free(context);
  free(buffer);
  return 0;
}

int main(int arguments, char **values) {
  if (arguments != 3) return 2;
  algorithm = EVP_MD_fetch(0, "SHA256", 0);
  FILE *list = fopen(values[1], "r");
  char *line = 0;
  size_t room = 0, capacity = 0;
  ssize_t length;
  while (list && (length = getline(&line, &room, list)) > 0) {
    line[length - 1] = 0;
    if (count == capacity) paths = realloc(paths, (capacity = capacity ? capacity * 2 : 4096) * sizeof *paths);
    paths[count++] = strdup(line);
  }
  digests = malloc(count * 32);
  int threads = atoi(values[2]);
  pthread_t others[64];
  for (int i = 1; i < threads && i < 64; i++) pthread_create(&others[i], 0, work, 0);
  work(0);
  for (int i = 1; i < threads && i < 64; i++) pthread_join(others[i], 0);
  printf("%zu\n", hashed);
  return 0;
}
