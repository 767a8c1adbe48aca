// The least that a conversion can do: inflate the layers, hash what goes in and what comes out (SHA-256), and compress it in
// blocks of 128 KiB, on THREADS threads, with all of it in memory.
// Usage: convert gzip|zstd THREADS LAYER…; layers are gzip or plain tar; prints the bytes that came out.
#include <libdeflate.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

enum { BLOCK = 128 << 10 };
typedef struct { unsigned char *bytes; size_t count; } Bytes;
static char **paths;
static Bytes *layers;
static size_t count, nextLayer, nextBlock, packed;
static int isZstd;
static pthread_barrier_t inflated;

static void hash(const unsigned char *bytes, size_t size) {
  unsigned char digest[32];
  EVP_Digest(bytes, size, digest, 0, EVP_sha256(), 0);
}

static Bytes load(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) { perror(path); exit(1); }
  fseek(file, 0, SEEK_END);
  Bytes all = {0, (size_t)ftell(file)};
  rewind(file);
  all.bytes = malloc(all.count + 1);
  if (fread(all.bytes, 1, all.count, file) != all.count) { perror(path); exit(1); }
  fclose(file);
  return all;
}

static Bytes inflateAll(Bytes in) {
  if (in.count < 2 || in.bytes[0] != 0x1f || in.bytes[1] != 0x8b) return in;
  struct libdeflate_decompressor *decompressor = libdeflate_alloc_decompressor();
  Bytes out = {0, 0};
  size_t room = in.count * 5, taken = 0;
  out.bytes = malloc(room);
  while (taken < in.count && in.bytes[taken] != 0) {
    size_t used, given;
    enum libdeflate_result result = libdeflate_gzip_decompress_ex(
      decompressor, in.bytes + taken, in.count - taken, out.bytes + out.count, room - out.count, &used, &given);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE) { out.bytes = realloc(out.bytes, room *= 2); continue; }
    if (result != LIBDEFLATE_SUCCESS) { fprintf(stderr, "a layer is damaged\n"); exit(1); }
    taken += used;
    out.count += given;
  }
  libdeflate_free_decompressor(decompressor);
  free(in.bytes);
  return out;
}

static void *work(void *unused) {
  (void)unused;
  for (size_t i; (i = __atomic_fetch_add(&nextLayer, 1, __ATOMIC_RELAXED)) < count;) {
    Bytes in = load(paths[i]);
    hash(in.bytes, in.count);
    layers[i] = inflateAll(in);
    hash(layers[i].bytes, layers[i].count);
  }
  pthread_barrier_wait(&inflated);
  struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(6);
  ZSTD_CCtx *context = ZSTD_createCCtx();
  unsigned char *out = malloc(ZSTD_compressBound(BLOCK));
  size_t sum = 0;
  for (size_t block; ; ) {
    block = __atomic_fetch_add(&nextBlock, 1, __ATOMIC_RELAXED);
    size_t layer = 0;
    while (layer < count && block >= (layers[layer].count + BLOCK - 1) / BLOCK)
      block -= (layers[layer++].count + BLOCK - 1) / BLOCK;
    if (layer == count) break;
    const unsigned char *bytes = layers[layer].bytes + block * BLOCK;
    size_t size = layers[layer].count - block * BLOCK;
    if (size > BLOCK) size = BLOCK;
    size_t stored = isZstd ? ZSTD_compressCCtx(context, out, ZSTD_compressBound(BLOCK), bytes, size, 3)
                           : libdeflate_zlib_compress(compressor, bytes, size, out, BLOCK);
    sum += stored > 0 && stored < size ? stored : size;
  }
  __atomic_fetch_add(&packed, sum, __ATOMIC_RELAXED);
  return 0;
}

int main(int arguments, char **values) {
  if (arguments < 4) return 2;
  isZstd = strcmp(values[1], "zstd") == 0;
  int threads = atoi(values[2]);
  if (threads < 1 || threads > 64) return 2;
  paths = values + 3;
  count = (size_t)arguments - 3;
  layers = calloc(count, sizeof *layers);
  pthread_barrier_init(&inflated, 0, (unsigned)threads);
  pthread_t others[64];
  for (int i = 1; i < threads; i++) pthread_create(&others[i], 0, work, 0);
  work(0);
  for (int i = 1; i < threads; i++) pthread_join(others[i], 0);
  printf("%zu\n", packed);
  return 0;
}
