/* Posts telemetry from many connections for some seconds and prints what was acknowledged, as one JSON line.
 *
 *     post-load HOST PORT CONNECTIONS SECONDS
 *
 * One thread, epoll, one request in flight on each connection, every record different. It has to be faster than any
 * server that syncs, so it parses no more of a reply than its status and its length.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REPLY_MAX = 8192, REQUEST_MAX = 1024, LATENCIES_MAX = 1 << 24 };

struct connection {
    int socket;
    double began;
    int received;
    char reply[REPLY_MAX + 1];
};

static long acknowledged, refused, serial;
static float latencies[LATENCIES_MAX];

static void die(const char *what) {
    perror(what);
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static int connect_to(const char *host, int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1) die(host);
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&address, sizeof address)) die("connect");
    int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return descriptor;
}

/* Sends the next record; a request this short always fits the socket's buffer. */
static void post(struct connection *connection) {
    char body[REQUEST_MAX], request[REQUEST_MAX];
    long number = serial++;
    int length = snprintf(
        body, sizeof body,
        "{\"key\":\"cpu_usage\",\"value\":%ld.%03ld,\"client_id\":\"client-%03ld\",\"session_id\":\"session-%02ld\","
        "\"meta\":{\"host\":\"edge-%03ld.example\",\"unit\":\"percent\",\"window_seconds\":10,\"serial\":%ld}}",
        number % 100, number % 1000, number % 200, number % 20, number % 200, number);
    int size = snprintf(
        request, sizeof request,
        "POST /api/v1/telemetry HTTP/1.1\r\nHost: ledge\r\nContent-Type: application/json\r\n"
        "Content-Length: %d\r\n\r\n%s",
        length, body);
    connection->began = now();
    connection->received = 0;
    if (send(connection->socket, request, size, MSG_NOSIGNAL) != size) die("send");
}

/* Whether a whole reply has arrived. */
static int is_whole(const struct connection *connection) {
    const char *end = strstr(connection->reply, "\r\n\r\n");
    if (!end) return 0;
    const char *length = strcasestr(connection->reply, "\r\nContent-Length:");
    if (!length || length > end) {
        fprintf(stderr, "a reply without Content-Length: %s\n", connection->reply);
        exit(1);
    }
    return connection->received >= end + 4 - connection->reply + atol(length + 17);
}

/* Reads what has come; counts the reply when it is whole. Returns whether the connection is free again. */
static int receive(struct connection *connection) {
    ssize_t count =
        recv(connection->socket, connection->reply + connection->received, REPLY_MAX - connection->received, 0);
    if (count <= 0) {
        fprintf(stderr, "the server closed a connection\n");
        exit(1);
    }
    connection->received += count;
    connection->reply[connection->received] = 0;
    if (!is_whole(connection)) return 0;
    if (!strncmp(connection->reply, "HTTP/1.1 201", 12)) {
        if (acknowledged < LATENCIES_MAX) latencies[acknowledged] = now() - connection->began;
        acknowledged++;
    } else if (refused++ == 0) {
        fprintf(stderr, "refused: %s\n", connection->reply);
    }
    return 1;
}

static int ascending(const void *left, const void *right) {
    float difference = *(const float *)left - *(const float *)right;
    return (difference > 0) - (difference < 0);
}

int main(int count, char **arguments) {
    if (count != 5) {
        fprintf(stderr, "usage: post-load HOST PORT CONNECTIONS SECONDS\n");
        return 2;
    }
    int connections = atoi(arguments[3]), open = connections;
    double seconds = atof(arguments[4]), start = now();
    int queue = epoll_create1(0);
    struct connection *all = calloc(connections, sizeof *all);
    for (int i = 0; i < connections; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &all[i]};
        all[i].socket = connect_to(arguments[1], atoi(arguments[2]));
        if (epoll_ctl(queue, EPOLL_CTL_ADD, all[i].socket, &event)) die("epoll_ctl");
        post(&all[i]);
    }
    /* When time is up every connection waits for the reply it is owed, so that what is counted is what is stored. */
    while (open) {
        struct epoll_event events[64];
        int ready = epoll_wait(queue, events, 64, 10000);
        if (ready <= 0 && errno != EINTR) die("epoll_wait");
        for (int i = 0; i < ready; i++) {
            struct connection *connection = events[i].data.ptr;
            if (!receive(connection)) continue;
            if (now() - start < seconds) {
                post(connection);
            } else {
                close(connection->socket);
                open--;
            }
        }
    }
    double elapsed = now() - start;
    long kept = acknowledged < LATENCIES_MAX ? acknowledged : LATENCIES_MAX;
    qsort(latencies, kept, sizeof *latencies, ascending);
    printf(
        "{\"acknowledged\":%ld,\"refused\":%ld,\"seconds\":%.3f,\"p50_ms\":%.3f,\"p99_ms\":%.3f}\n", acknowledged,
        refused, elapsed, kept ? latencies[kept / 2] * 1e3 : 0, kept ? latencies[kept * 99 / 100] * 1e3 : 0);
    return refused > 0;
}
