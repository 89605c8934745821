/* A probe as the owner's document describes one, in C, advertised by avahi.
 *
 * plain_probe ID ADDRESS PORT. What it posts and hears goes to standard output, one JSON object a line. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <avahi-client/client.h>
#include <avahi-client/publish.h>
#include <avahi-common/error.h>
#include <avahi-common/thread-watch.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const char *probe_id;
static int port;
static char server_url[256] = "", token[128] = "";
static int interval_ms = 2000;
static double celsius = 20.0;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static AvahiThreadedPoll *poller;
static AvahiEntryGroup *group;

static double now(void) {
    struct timeval tv;
    gettimeofday(&tv, NULL);
    return tv.tv_sec + tv.tv_usec / 1e6;
}

/* The value of a key in a flat JSON object, as a small device finds it. */
static const char *find(const char *json, const char *key) {
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\"", key);
    const char *at = strstr(json, quoted);
    if (!at) return NULL;
    at = strchr(at + strlen(quoted), ':');
    if (!at) return NULL;
    for (at++; *at == ' ' || *at == '\n' || *at == '\t' || *at == '\r'; at++) {}
    return at;
}

static void take_text(const char *json, const char *key, char *into, size_t size) {
    const char *at = find(json, key);
    if (!at || *at != '"') return;
    size_t n = strcspn(++at, "\"");
    if (n >= size) return;
    memcpy(into, at, n);
    into[n] = 0;
}

static void provision(const char *json) {
    pthread_mutex_lock(&lock);
    take_text(json, "server_url", server_url, sizeof server_url);
    take_text(json, "token", token, sizeof token);
    const char *at = find(json, "interval_ms");
    if (at && atoi(at) > 0) interval_ms = atoi(at);
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void print_text(const char *text) {
    putchar('"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') putchar('\\');
        if ((unsigned char)*text >= 32) putchar(*text);
    }
    putchar('"');
}

/* One request: the head, then as much of the body as Content-Length says. */
static void serve(int client) {
    static char request[8192], reply[1024], body[512];
    size_t have = 0;
    char *end = NULL;
    size_t wanted = 0;
    struct timeval patience = {5, 0};
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    while (have < sizeof request - 1) {
        ssize_t n = read(client, request + have, sizeof request - 1 - have);
        if (n <= 0) break;
        have += n;
        request[have] = 0;
        if (!end && (end = strstr(request, "\r\n\r\n"))) {
            end += 4;
            char *length = strcasestr(request, "content-length:");
            wanted = length && length < end ? strtoul(length + 15, NULL, 10) : 0;
        }
        if (end && have - (end - request) >= wanted) break;
    }
    if (!end) return;
    int status = 200;
    pthread_mutex_lock(&lock);
    if (!strncmp(request, "GET /whoami ", 12))
        snprintf(body, sizeof body, "{\"id\":\"%s\",\"name\":\"%s\",\"server_url\":\"%s\",\"interval_ms\":%d}", probe_id, probe_id, server_url, interval_ms);
    else if (!strncmp(request, "GET /status ", 12))
        snprintf(body, sizeof body, "{\"last\":%.4f,\"interval_ms\":%d,\"server_url\":\"%s\"}", celsius, interval_ms, server_url);
    else if (!strncmp(request, "POST /provision ", 16)) {
        pthread_mutex_unlock(&lock);
        provision(end);
        pthread_mutex_lock(&lock);
        snprintf(body, sizeof body, "{\"ok\":true}");
    } else {
        status = 404;
        snprintf(body, sizeof body, "{\"ok\":false}");
    }
    pthread_mutex_unlock(&lock);
    snprintf(reply, sizeof reply, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
             status, status == 200 ? "OK" : "Not Found", strlen(body), body);
    if (write(client, reply, strlen(reply)) < 0) perror("write");
}

static void *server(void *given) {
    int listener = *(int *)given;
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client < 0) continue;
        serve(client);
        close(client);
    }
    return NULL;
}

/* POST one reading to exactly `url`: http://host[:port]/path. */
static void post(const char *url, const char *with, double value) {
    char host[128] = "", path[256] = "/", request[1024], body[256], reply[4096];
    int number = 80;
    if (sscanf(url, "http://%127[^:/]:%d%255s", host, &number, path) < 2) {
        number = 80;
        sscanf(url, "http://%127[^/]%255s", host, path);
    }
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(number)};
    if (inet_pton(AF_INET, host, &to.sin_addr) != 1) return;
    int wire = socket(AF_INET, SOCK_STREAM, 0);
    struct timeval patience = {5, 0};
    setsockopt(wire, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(wire, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(wire, (struct sockaddr *)&to, sizeof to) < 0) {
        printf("{\"event\":\"unreachable\",\"at\":%.3f,\"url\":\"%s\"}\n", now(), url);
        close(wire);
        return;
    }
    snprintf(body, sizeof body, "{\"temperature_c\": %.2f, \"probe_id\": \"%s\"}", value, probe_id);
    int n = snprintf(request, sizeof request, "POST %s HTTP/1.1\r\nHost: %s:%d\r\nContent-Type: application/json\r\n%s%s%sContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
                     path, host, number, *with ? "X-Token: " : "", with, *with ? "\r\n" : "", strlen(body), body);
    size_t have = 0;
    if (write(wire, request, n) == n)
        for (ssize_t got; have < sizeof reply - 1 && (got = read(wire, reply + have, sizeof reply - 1 - have)) > 0;) have += got;
    close(wire);
    reply[have] = 0;
    char kind[128] = "", *text = strstr(reply, "\r\n\r\n"), *named = strcasestr(reply, "content-type:");
    if (named && (!text || named < text)) sscanf(named + 13, " %127[^\r\n]", kind);
    printf("{\"event\":\"posted\",\"at\":%.3f,\"url\":\"%s\",\"token\":\"%s\",\"celsius\":%.2f,\"status\":%d,\"kind\":", now(), url, with, value,
           have > 12 ? atoi(reply + 9) : 0);
    print_text(kind);
    printf(",\"answer\":");
    print_text(text ? text + 4 : "");
    printf("}\n");
}

static void *deliver(void *unused) {
    (void)unused;
    for (;;) {
        char url[256], with[128];
        pthread_mutex_lock(&lock);
        celsius = celsius + 0.25 >= 25.0 ? 20.0 : celsius + 0.25;
        strcpy(url, server_url);
        strcpy(with, token);
        double value = celsius;
        pthread_mutex_unlock(&lock);
        if (*url) post(url, with, value);
        pthread_mutex_lock(&lock);
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += interval_ms / 1000;
        until.tv_nsec += (interval_ms % 1000) * 1000000L;
        if (until.tv_nsec >= 1000000000L) until.tv_sec++, until.tv_nsec -= 1000000000L;
        pthread_cond_timedwait(&changed, &lock, &until);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

static void group_state(AvahiEntryGroup *of, AvahiEntryGroupState state, void *unused) {
    (void)of, (void)unused;
    if (state == AVAHI_ENTRY_GROUP_ESTABLISHED) printf("{\"event\":\"advertised\",\"at\":%.3f,\"port\":%d}\n", now(), port);
    else if (state == AVAHI_ENTRY_GROUP_COLLISION || state == AVAHI_ENTRY_GROUP_FAILURE) printf("{\"event\":\"not advertised\"}\n");
}

static void client_state(AvahiClient *client, AvahiClientState state, void *unused) {
    (void)unused;
    if (state != AVAHI_CLIENT_S_RUNNING || group) return;
    group = avahi_entry_group_new(client, group_state, NULL);
    int wrong = avahi_entry_group_add_service(group, AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC, 0, probe_id, "_temps-probe._tcp", NULL, NULL, port, NULL);
    if (wrong || (wrong = avahi_entry_group_commit(group))) fprintf(stderr, "avahi: %s\n", avahi_strerror(wrong));
}

int main(int count, char **given) {
    if (count != 4) return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    probe_id = given[1];
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1, wrong;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(atoi(given[3]))};
    socklen_t size = sizeof here;
    if (inet_pton(AF_INET, given[2], &here.sin_addr) != 1 || bind(listener, (struct sockaddr *)&here, sizeof here) || listen(listener, 8)) return perror("listen"), 1;
    getsockname(listener, (struct sockaddr *)&here, &size);
    port = ntohs(here.sin_port);
    pthread_t one, other;
    pthread_create(&one, NULL, server, &listener);
    pthread_create(&other, NULL, deliver, NULL);
    poller = avahi_threaded_poll_new();
    if (!avahi_client_new(avahi_threaded_poll_get(poller), AVAHI_CLIENT_NO_FAIL, client_state, NULL, &wrong)) return fprintf(stderr, "avahi: %s\n", avahi_strerror(wrong)), 1;
    avahi_threaded_poll_start(poller);
    pthread_join(one, NULL);
    return 0;
}
