#include <curl/curl.h>

// Swift does not call functions with variable arguments.
static inline CURLcode weir_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode weir_curl_set_pointer(CURL *handle, CURLoption option, const void *value) {
    return curl_easy_setopt(handle, option, value);
}

typedef size_t (*weir_curl_write)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode weir_curl_set_write(CURL *handle, CURLoption option, weir_curl_write function) {
    return curl_easy_setopt(handle, option, function);
}

typedef curl_socket_t (*weir_curl_open)(void *context, curlsocktype purpose, struct curl_sockaddr *address);

static inline CURLcode weir_curl_set_open(CURL *handle, weir_curl_open function) {
    return curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, function);
}

typedef int (*weir_curl_progress)(void *context, curl_off_t, curl_off_t, curl_off_t, curl_off_t);

// Asked at least once a second; anything but 0 ends the transfer.
static inline CURLcode weir_curl_set_progress(CURL *handle, weir_curl_progress function, const void *context) {
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, context);
    return curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, function);
}

// libcurl got the option with names in 7.85; the older one is deprecated since.
static inline CURLcode weir_curl_set_web_only(CURL *handle) {
#if LIBCURL_VERSION_NUM >= 0x075500
    return curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    return curl_easy_setopt(handle, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
}

static inline CURLcode weir_curl_set_mail_only(CURL *handle) {
#if LIBCURL_VERSION_NUM >= 0x075500
    return curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
#else
    return curl_easy_setopt(handle, CURLOPT_PROTOCOLS, CURLPROTO_SMTP | CURLPROTO_SMTPS);
#endif
}

// One accepted recipient suffices. The option lost an L with 8.2 and kept its number.
static inline CURLcode weir_curl_set_some_recipients(CURL *handle) {
#if LIBCURL_VERSION_NUM >= 0x080200
    return curl_easy_setopt(handle, CURLOPT_MAIL_RCPT_ALLOWFAILS, 1L);
#else
    return curl_easy_setopt(handle, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
#endif
}

typedef int (*weir_curl_debug)(CURL *handle, curl_infotype type, char *bytes, size_t size, void *context);

static inline CURLcode weir_curl_set_debug(CURL *handle, weir_curl_debug function, const void *context) {
    curl_easy_setopt(handle, CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(handle, CURLOPT_DEBUGDATA, context);
    return curl_easy_setopt(handle, CURLOPT_DEBUGFUNCTION, function);
}

static inline CURLcode weir_curl_get_long(CURL *handle, CURLINFO info, long *value) {
    return curl_easy_getinfo(handle, info, value);
}

#include <sys/socket.h>
#include <unistd.h>
