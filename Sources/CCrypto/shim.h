// The low-level functions start without OpenSSL 3's provider lookup (about 1 ms at each start).
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/md5.h>
#include <openssl/sha.h>
