#include "ccurl.h"
#define CURL_DISABLE_TYPECHECK
#define CURL_DISABLE_DEPRECATION
#include <curl/curl.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

// The macros of curl.h that check arguments would name the functions directly.
#undef curl_easy_setopt
#undef curl_easy_getinfo

static struct {
  __typeof__(&curl_global_init) global_init;
  __typeof__(&curl_easy_init) easy_init;
  __typeof__(&curl_easy_setopt) setopt;
  __typeof__(&curl_easy_getinfo) getinfo;
  __typeof__(&curl_easy_perform) perform;
  __typeof__(&curl_easy_strerror) strerror;
  __typeof__(&curl_easy_cleanup) cleanup;
  __typeof__(&curl_slist_append) append;
  __typeof__(&curl_slist_free_all) free_all;
} curl;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char open_error[256];

static void open_library(void) {
  void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  if (!library) library = dlopen("libcurl-gnutls.so.4", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *why = dlerror();
    snprintf(open_error, sizeof open_error, "%s", why ? why : "libcurl cannot be opened");
    return;
  }
#define FIND(field, name)                                                              \
  if (!(*(void **)&curl.field = dlsym(library, name))) {                               \
    snprintf(open_error, sizeof open_error, "libcurl has no function %s", name);       \
    return;                                                                            \
  }
  FIND(global_init, "curl_global_init")
  FIND(easy_init, "curl_easy_init")
  FIND(setopt, "curl_easy_setopt")
  FIND(getinfo, "curl_easy_getinfo")
  FIND(perform, "curl_easy_perform")
  FIND(strerror, "curl_easy_strerror")
  FIND(cleanup, "curl_easy_cleanup")
  FIND(append, "curl_slist_append")
  FIND(free_all, "curl_slist_free_all")
#undef FIND
  if (curl.global_init(CURL_GLOBAL_DEFAULT)) snprintf(open_error, sizeof open_error, "libcurl cannot start");
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context) {
  const cc_request *request = context;
  return request->body(bytes, size * count, request->context) ? 0 : size * count;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *context) {
  const cc_request *request = context;
  return request->header(bytes, size * count, request->context) ? 0 : size * count;
}

static size_t on_source(char *buffer, size_t size, size_t count, void *context) {
  const cc_request *request = context;
  long given = request->source(buffer, size * count, request->context);
  return given < 0 ? CURL_READFUNC_ABORT : (size_t)given;
}

static int on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
  (void)a, (void)b, (void)c, (void)d;
  const cc_request *request = context;
  return request->is_cancelled(request->context);
}

static void configure(CURL *handle, const cc_request *request, struct curl_slist *headers, char *error) {
  curl.setopt(handle, CURLOPT_ERRORBUFFER, error);
  curl.setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl.setopt(handle, CURLOPT_URL, request->url);
  curl.setopt(handle, CURLOPT_USERAGENT, "coppice");
  curl.setopt(handle, CURLOPT_HTTPHEADER, headers);
  curl.setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, request->connect_timeout);
  curl.setopt(handle, CURLOPT_TIMEOUT_MS, request->total_timeout);
  if (request->stall_timeout) {
    curl.setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl.setopt(handle, CURLOPT_LOW_SPEED_TIME, request->stall_timeout);
  }
  long protocols = CURLPROTO_HTTPS | (request->allows_http ? CURLPROTO_HTTP : 0);
  curl.setopt(handle, CURLOPT_PROTOCOLS, protocols);
  curl.setopt(handle, CURLOPT_REDIR_PROTOCOLS, protocols);
  curl.setopt(handle, CURLOPT_FOLLOWLOCATION, request->max_redirects > 0 ? 1L : 0L);
  curl.setopt(handle, CURLOPT_MAXREDIRS, request->max_redirects);
  curl.setopt(handle, CURLOPT_BUFFERSIZE, 512L * 1024);
  if (request->avoids_proxy) curl.setopt(handle, CURLOPT_PROXY, "");
  if (request->ca_file) curl.setopt(handle, CURLOPT_CAINFO, request->ca_file);
  if (request->ca_directory) curl.setopt(handle, CURLOPT_CAPATH, request->ca_directory);
  curl.setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
  curl.setopt(handle, CURLOPT_WRITEDATA, (void *)request);
  curl.setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
  curl.setopt(handle, CURLOPT_HEADERDATA, (void *)request);
  curl.setopt(handle, CURLOPT_NOPROGRESS, 0L);
  curl.setopt(handle, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl.setopt(handle, CURLOPT_XFERINFODATA, (void *)request);
  if (!strcmp(request->method, "HEAD")) {
    curl.setopt(handle, CURLOPT_NOBODY, 1L);
  } else if (request->source) {
    curl.setopt(handle, CURLOPT_UPLOAD, 1L);
    curl.setopt(handle, CURLOPT_READFUNCTION, on_source);
    curl.setopt(handle, CURLOPT_READDATA, (void *)request);
    curl.setopt(handle, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->source_size);
    curl.setopt(handle, CURLOPT_UPLOAD_BUFFERSIZE, 1024L * 1024);
    curl.setopt(handle, CURLOPT_CUSTOMREQUEST, request->method);
  } else if (!strcmp(request->method, "POST")) {
    curl.setopt(handle, CURLOPT_POST, 1L);
    curl.setopt(handle, CURLOPT_POSTFIELDS, "");
    curl.setopt(handle, CURLOPT_POSTFIELDSIZE, 0L);
  } else if (strcmp(request->method, "GET")) {
    curl.setopt(handle, CURLOPT_CUSTOMREQUEST, request->method);
  }
}

void cc_perform(const cc_request *request, cc_response *response) {
  memset(response, 0, sizeof *response);
  pthread_once(&once, open_library);
  if (open_error[0]) {
    response->code = -1;
    snprintf(response->error, sizeof response->error, "%s", open_error);
    return;
  }
  CURL *handle = curl.easy_init();
  if (!handle) {
    response->code = CURLE_OUT_OF_MEMORY;
    snprintf(response->error, sizeof response->error, "%s", curl.strerror(CURLE_OUT_OF_MEMORY));
    return;
  }
  // Without it curl waits a second for "100 Continue".
  struct curl_slist *headers = curl.append(NULL, "Expect:");
  for (const char *const *header = request->headers; header && *header; header++) {
    struct curl_slist *longer = curl.append(headers, *header);
    if (!longer) break;
    headers = longer;
  }
  char error[CURL_ERROR_SIZE] = "";
  configure(handle, request, headers, error);
  CURLcode code = curl.perform(handle);
  curl.getinfo(handle, CURLINFO_RESPONSE_CODE, &response->status);
  curl.getinfo(handle, CURLINFO_REDIRECT_COUNT, &response->redirects);
  response->code = code;
  if (code) snprintf(response->error, sizeof response->error, "%s", error[0] ? error : curl.strerror(code));
  curl.free_all(headers);
  curl.cleanup(handle);
}
