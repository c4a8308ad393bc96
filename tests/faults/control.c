#include "tests/faults/control.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { RULES_MAX = 16, TEXT_MAX = 2048 };

struct rule {
    char class[16];
    unsigned long nth;
    bool and_all_after;
    char action[24];
    char part[256];
    unsigned long seen;
};

static const char *const CLASSES[] = {
    [CALL_WRITE] = "write",       [CALL_WRITE_DURABLE] = "dwrite", [CALL_SYNC] = "sync",
    [CALL_ALLOCATE] = "allocate", [CALL_TRUNCATE] = "truncate",    [CALL_STATFS] = "statfs",
    [CALL_RENAME] = "rename",     [CALL_UNLINK] = "unlink",
};

static const struct {
    const char *name;
    int value;
} ERRORS[] = {
    {"EIO", EIO},       {"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT}, {"EROFS", EROFS},
    {"EACCES", EACCES}, {"ENOMEM", ENOMEM}, {"EINTR", EINTR},
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct rule rules[RULES_MAX];
static size_t rule_count;
static char text_known[TEXT_MAX];

static bool parse_rule(const char *line, struct rule *rule)
{
    char which[24];
    *rule = (struct rule){.seen = 0};
    if (sscanf(line, "%15s %23s %23s %255s", rule->class, which, rule->action, rule->part) != 4) return false;
    char *end;
    rule->nth = strtoul(which, &end, 10);
    rule->and_all_after = *end == '+';
    return rule->nth > 0;
}

/* Straight to the kernel: open and read are among the calls that may be interposed. */
static void read_text(const char *path, char text[TEXT_MAX])
{
    memset(text, 0, TEXT_MAX);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    if (syscall(SYS_read, fd, text, TEXT_MAX - 1) < 0) text[0] = '\0';
    syscall(SYS_close, fd);
}

static void load_rules(const char *path)
{
    char text[TEXT_MAX];
    read_text(path, text);
    if (strcmp(text, text_known) == 0) return;
    memcpy(text_known, text, TEXT_MAX);
    rule_count = 0;
    char *rest = text;
    for (char *line; rule_count < RULES_MAX && (line = strsep(&rest, "\n"));) {
        if (parse_rule(line, &rules[rule_count])) rule_count++;
    }
}

static struct fault fault_of_action(const char *action)
{
    if (strcmp(action, "short") == 0) return (struct fault){.kind = FAULT_SHORT};
    if (strncmp(action, "type=", 5) == 0) return (struct fault){FAULT_TYPE, strtol(action + 5, NULL, 0)};
    for (size_t i = 0; i < sizeof ERRORS / sizeof *ERRORS; i++) {
        if (strcmp(action, ERRORS[i].name) == 0) return (struct fault){FAULT_ERRNO, ERRORS[i].value};
    }
    fprintf(stderr, "faults: %s is no action\n", action);
    abort();
}

static bool rule_strikes(struct rule *rule, enum call_class class, const char *path)
{
    if (strcmp(rule->class, CLASSES[class]) != 0 || !strstr(path, rule->part)) return false;
    rule->seen++;
    return rule->seen == rule->nth || (rule->seen > rule->nth && rule->and_all_after);
}

struct fault fault_of_path(enum call_class class, const char *path)
{
    struct fault fault = {.kind = FAULT_NONE};
    const char *control = getenv("FAULTS");
    if (!control) return fault;
    int saved = errno;
    pthread_mutex_lock(&mutex);
    load_rules(control);
    for (size_t i = 0; i < rule_count; i++) {
        if (rule_strikes(&rules[i], class, path)) fault = fault_of_action(rules[i].action);
    }
    pthread_mutex_unlock(&mutex);
    errno = saved;
    return fault;
}

struct fault fault_of_fd(enum call_class class, int fd)
{
    if (!getenv("FAULTS")) return (struct fault){.kind = FAULT_NONE};
    char link[64];
    char path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    path[size < 0 ? 0 : size] = '\0';
    return fault_of_path(class, path);
}
