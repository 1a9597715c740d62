/* An SMTP server that takes everything at once and costs little, so that what sends to it is the limit.
 *
 *     sink [-d MILLISECONDS] [-N]
 *
 *     -d  wait so long before each reply, as a server far away would
 *     -N  offer no PIPELINING
 *
 * It listens on a free port of 127.0.0.1, prints the port, and ends when its standard input does: with its
 * parent. A message counts once its final dot has come. Three commands more than SMTP has (RFC 5321):
 *
 *     XCOUNT        messages, recipients and octets taken, and the CPU time used, in microseconds
 *     XTALLY FILE   write a line for each recipient: address, space, copies
 *     XRESET        forget all counts
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define BUFFER (256 * 1024)
#define MOST_CONNECTIONS 4096
#define MOST_EVENTS 256

typedef struct {
    char *address;
    uint32_t copies;
} Entry;

typedef struct {
    int fd;
    uint64_t number; /* tells a connection from a later one with the same descriptor */
    int in_data;
    int at_start; /* the first octet of `buffer` begins a line of the content */
    size_t used;
    char *buffer;
    char *envelope; /* recipients of the message that is coming, each ended by a zero */
    size_t envelope_used, envelope_room;
} Connection;

typedef struct Reply {
    struct Reply *next;
    double due;
    int fd;
    uint64_t number;
    int closes;
    size_t length;
    char text[];
} Reply;

static Connection *connections[MOST_CONNECTIONS];
static uint64_t connections_made;
static Entry *entries;
static size_t entries_room, entries_used;
static unsigned long messages, recipients, octets;
static Reply *first_reply, *last_reply; /* all wait equally long: the order in which they came is that of going */
static double delay_seconds;
static int offers_pipelining = 1;
static int poller, timer;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void *room(void *old, size_t size) {
    void *made = realloc(old, size);
    if (!made) {
        perror("sink");
        exit(1);
    }
    return made;
}

/* --- Who got what -------------------------------------------------------------------------------------- */

static Entry *place_of(Entry *table, size_t table_room, const char *address) {
    uint64_t hash = 1469598103934665603u; /* FNV-1a */
    for (const char *at = address; *at; at++) hash = (hash ^ (unsigned char)*at) * 1099511628211u;
    size_t place = hash & (table_room - 1);
    while (table[place].address && strcmp(table[place].address, address)) place = (place + 1) & (table_room - 1);
    return &table[place];
}

static void count_copy(const char *address) {
    if (3 * (entries_used + 1) > 2 * entries_room) {
        size_t wider = entries_room ? 2 * entries_room : 1 << 16;
        Entry *table = calloc(wider, sizeof(Entry));
        if (!table) {
            perror("sink");
            exit(1);
        }
        for (size_t i = 0; i < entries_room; i++)
            if (entries[i].address) *place_of(table, wider, entries[i].address) = entries[i];
        free(entries);
        entries = table;
        entries_room = wider;
    }
    Entry *entry = place_of(entries, entries_room, address);
    if (!entry->address) {
        entry->address = strdup(address);
        entries_used++;
    }
    entry->copies++;
}

static int write_tally(const char *path) {
    FILE *file = fopen(path, "w");
    if (!file) return 0;
    for (size_t i = 0; i < entries_room; i++)
        if (entries[i].address) fprintf(file, "%s %u\n", entries[i].address, entries[i].copies);
    return fclose(file) == 0;
}

static void forget(void) {
    for (size_t i = 0; i < entries_room; i++) free(entries[i].address);
    free(entries);
    entries = NULL;
    entries_room = entries_used = 0;
    messages = recipients = octets = 0;
}

static void take_message(Connection *connection) {
    messages++;
    for (char *at = connection->envelope; at < connection->envelope + connection->envelope_used;
         at += strlen(at) + 1) {
        recipients++;
        count_copy(at);
    }
    connection->envelope_used = 0;
}

/* --- Replies ------------------------------------------------------------------------------------------- */

static void drop(Connection *connection) {
    close(connection->fd);
    connections[connection->fd] = NULL;
    free(connection->buffer);
    free(connection->envelope);
    free(connection);
}

/* Send; a client that does not read its replies is given up. */
static int say(Connection *connection, const char *text, size_t length, int closes) {
    if (write(connection->fd, text, length) != (ssize_t)length || closes) {
        drop(connection);
        return 0;
    }
    return 1;
}

static void wake_at(double due) {
    struct itimerspec at = {.it_value = {(time_t)due, (long)((due - (time_t)due) * 1e9)}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
}

/* Send at once, or when the delay is over; return whether the connection still stands. */
static int answer(Connection *connection, const char *text, size_t length, int closes, double came) {
    if (delay_seconds == 0) return say(connection, text, length, closes);
    Reply *reply = room(NULL, sizeof(Reply) + length);
    *reply = (Reply){.due = came + delay_seconds,
                     .fd = connection->fd,
                     .number = connection->number,
                     .closes = closes,
                     .length = length};
    memcpy(reply->text, text, length);
    if (first_reply) {
        last_reply->next = reply;
    } else {
        first_reply = reply;
        wake_at(reply->due);
    }
    last_reply = reply;
    return 1;
}

static void send_due(void) {
    double time = now();
    while (first_reply && first_reply->due <= time) {
        Reply *reply = first_reply;
        first_reply = reply->next;
        Connection *connection = connections[reply->fd];
        if (connection && connection->number == reply->number)
            say(connection, reply->text, reply->length, reply->closes);
        free(reply);
    }
    if (first_reply) wake_at(first_reply->due);
}

/* --- SMTP ---------------------------------------------------------------------------------------------- */

typedef struct {
    size_t length;
    int closes;
    char text[16 * 1024];
} Answers;

static void add(Answers *answers, const char *text) {
    size_t length = strlen(text);
    if (answers->length + length > sizeof answers->text) return;
    memcpy(answers->text + answers->length, text, length);
    answers->length += length;
}

static void add_counts(Answers *answers) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    long microseconds = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000L + used.ru_utime.tv_usec +
                        used.ru_stime.tv_usec;
    char line[128];
    snprintf(line, sizeof line, "250 %lu %lu %lu %ld\r\n", messages, recipients, octets, microseconds);
    add(answers, line);
}

static void add_recipient(Connection *connection, const char *line) {
    const char *from = strchr(line, '<'), *until = from ? strrchr(line, '>') : NULL;
    if (!until) return;
    size_t length = (size_t)(until - from - 1);
    size_t needed = connection->envelope_used + length + 1;
    if (needed > connection->envelope_room) {
        connection->envelope_room = 2 * needed;
        connection->envelope = room(connection->envelope, connection->envelope_room);
    }
    memcpy(connection->envelope + connection->envelope_used, from + 1, length);
    connection->envelope[needed - 1] = 0;
    connection->envelope_used = needed;
}

static void obey(Connection *connection, char *line, Answers *answers) {
    if (!strncasecmp(line, "MAIL", 4)) {
        connection->envelope_used = 0;
        add(answers, "250 2.1.0 Ok\r\n");
    } else if (!strncasecmp(line, "RCPT", 4)) {
        add_recipient(connection, line);
        add(answers, "250 2.1.5 Ok\r\n");
    } else if (!strncasecmp(line, "DATA", 4)) {
        connection->in_data = connection->at_start = 1;
        add(answers, "354 Go on\r\n");
    } else if (!strncasecmp(line, "EHLO", 4)) {
        add(answers, "250-sink\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n");
        if (offers_pipelining) add(answers, "250-PIPELINING\r\n");
        add(answers, "250 SIZE 50000000\r\n");
    } else if (!strncasecmp(line, "QUIT", 4)) {
        answers->closes = 1;
        add(answers, "221 2.0.0 Bye\r\n");
    } else if (!strncasecmp(line, "XCOUNT", 6)) {
        add_counts(answers);
    } else if (!strncasecmp(line, "XTALLY ", 7)) {
        add(answers, write_tally(line + 7) ? "250 Written\r\n" : "550 That file cannot be written\r\n");
    } else if (!strncasecmp(line, "XRESET", 6)) {
        forget();
        add(answers, "250 Forgotten\r\n");
    } else if (!strncasecmp(line, "HELO", 4) || !strncasecmp(line, "NOOP", 4) || !strncasecmp(line, "RSET", 4)) {
        connection->envelope_used = 0;
        add(answers, "250 2.0.0 Ok\r\n");
    } else {
        add(answers, "500 5.5.1 Unknown command\r\n");
    }
}

/* Return where the content's final dot and line end are over, or NULL while they have not come. */
static char *end_of_content(Connection *connection, char *from, char *end) {
    for (char *dot = from; (dot = memchr(dot, '.', (size_t)(end - dot))) != NULL; dot++) {
        if (end - dot < 3) return NULL;
        if (dot[1] != '\r' || dot[2] != '\n') continue;
        if (dot == from ? connection->at_start : dot - from >= 2 && dot[-2] == '\r' && dot[-1] == '\n')
            return dot + 3;
    }
    return NULL;
}

/* Take what stands in the buffer; return where what cannot be taken yet begins. */
static char *take(Connection *connection, Answers *answers) {
    char *at = connection->buffer, *end = connection->buffer + connection->used;
    while (at < end) {
        if (connection->in_data) {
            char *after = end_of_content(connection, at, end);
            if (!after) {
                /* A final dot may have begun to come: what decides on it is kept. */
                char *kept = end - at > 4 ? end - 4 : at;
                if (kept > at) connection->at_start = 0;
                return kept;
            }
            connection->in_data = 0;
            take_message(connection);
            add(answers, "250 2.0.0 Ok\r\n");
            at = after;
            continue;
        }
        char *line_end = memchr(at, '\n', (size_t)(end - at));
        if (!line_end) break;
        *line_end = 0;
        if (line_end > at && line_end[-1] == '\r') line_end[-1] = 0;
        obey(connection, at, answers);
        at = line_end + 1;
    }
    return at;
}

static void hear(Connection *connection) {
    ssize_t length = read(connection->fd, connection->buffer + connection->used, BUFFER - connection->used);
    if (length <= 0) {
        if (length == 0 || errno != EAGAIN) drop(connection);
        return;
    }
    octets += (unsigned long)length;
    connection->used += (size_t)length;
    static Answers answers;
    answers.length = 0;
    answers.closes = 0;
    double came = delay_seconds == 0 ? 0 : now();
    char *rest = take(connection, &answers);
    connection->used -= (size_t)(rest - connection->buffer);
    memmove(connection->buffer, rest, connection->used);
    if (answers.length && !answer(connection, answers.text, answers.length, answers.closes, came)) return;
    if (connection->used == BUFFER) drop(connection);
}

static void greet(int listener) {
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        if (fd >= MOST_CONNECTIONS) {
            close(fd);
            continue;
        }
        int yes = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        Connection *connection = room(NULL, sizeof(Connection));
        *connection = (Connection){.fd = fd, .number = ++connections_made, .buffer = room(NULL, BUFFER)};
        connections[fd] = connection;
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
        const char greeting[] = "220 sink ESMTP\r\n";
        answer(connection, greeting, sizeof greeting - 1, 0, now());
    }
}

static int open_listener(void) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (listener < 0 || bind(listener, (void *)&address, length) || listen(listener, 1024) ||
        getsockname(listener, (void *)&address, &length)) {
        perror("sink");
        exit(1);
    }
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

static void watch(int fd) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event)) {
        perror("sink: standard input must be a pipe");
        exit(1);
    }
}

int main(int count, char **arguments) {
    for (int option; (option = getopt(count, arguments, "d:N")) > 0;) {
        if (option == 'd') delay_seconds = atof(optarg) / 1000;
        else if (option == 'N') offers_pipelining = 0;
        else return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    poller = epoll_create1(EPOLL_CLOEXEC);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    int listener = open_listener();
    watch(listener);
    watch(timer);
    watch(STDIN_FILENO);
    for (;;) {
        struct epoll_event events[MOST_EVENTS];
        int found = epoll_wait(poller, events, MOST_EVENTS, -1);
        for (int i = 0; i < found; i++) {
            int fd = events[i].data.fd;
            if (fd == STDIN_FILENO) return 0;
            if (fd == listener) greet(listener);
            else if (fd == timer) {
                uint64_t times;
                if (read(timer, &times, sizeof times) == sizeof times) send_due();
            } else if (connections[fd]) hear(connections[fd]);
        }
    }
}
