#pragma once
#include <stddef.h>

// libcurl, opened at the first transfer: linking it would cost every start 3.8 ms.

/// Gets a piece of the answer's body, or one line of its header; not 0 ends the transfer.
typedef int (*cc_sink)(const char *_Nonnull bytes, size_t count, void *_Nullable context);
/// Fills `buffer` with at most `capacity` bytes of the request's body: the count, 0 at the end, -1 to give up.
typedef long (*cc_source)(char *_Nonnull buffer, size_t capacity, void *_Nullable context);
/// Asked now and then; not 0 ends the transfer.
typedef int (*cc_question)(void *_Nullable context);

typedef struct {
  const char *_Nonnull method;
  const char *_Nonnull url;
  /// `Name: value`, ended by a null pointer.
  const char *_Nullable const *_Nullable headers;
  /// A file of certificates to trust, or null for the system's.
  const char *_Nullable ca_file;
  const char *_Nullable ca_directory;
  /// Milliseconds; 0 means none.
  long connect_timeout;
  long total_timeout;
  /// How long a transfer may stand still, in seconds; 0 means for ever.
  long stall_timeout;
  /// Redirections that are followed; credentials never follow to another host.
  long max_redirects;
  /// Whether plain http may be spoken.
  int allows_http;
  /// Whether to go there without the proxy that the environment names.
  int avoids_proxy;
  cc_source _Nullable source;
  /// Bytes of the body, when there is a source.
  long long source_size;
  cc_sink _Nonnull body;
  cc_sink _Nonnull header;
  cc_question _Nonnull is_cancelled;
  void *_Nullable context;
} cc_request;

typedef struct {
  long status;
  /// 0, or what kept the transfer from ending: libcurl's code, or -1 when libcurl itself is missing.
  int code;
  /// How often the server, or another, led elsewhere.
  long redirects;
  char error[512];
} cc_response;

/// Transfers; blocks.
void cc_perform(const cc_request *_Nonnull request, cc_response *_Nonnull response);
