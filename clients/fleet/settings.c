/* The command line: one table of options from which they are read and --help is written. */
#include "clients/fleet/fleet.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <muster.h>

/* The engine's own limits. */
enum { CONNECTOR_SIZE_MAX = 128, MAX_PER_TAKE = 10000, TAKES_WAITING_MAX = 256 };

struct range {
    uint64_t least;
    uint64_t most;
};

static _Noreturn void wrong(const char *option, const char *value, const char *expected)
{
    fleet_end(EXIT_USAGE, "--%s %s: %s; muster-fleet --help shows all options", option, value, expected);
}

/* Digits alone: strtoull would also take spaces and signs. */
static bool read_number(const char *text, char **end, uint64_t *value)
{
    if (*text < '0' || *text > '9') return false;
    errno = 0;
    *value = strtoull(text, end, 10);
    return errno == 0;
}

static uint64_t number(const char *option, const char *text, struct range range)
{
    char *end, expected[64];
    uint64_t value;
    snprintf(expected, sizeof expected, "expected a number from %llu to %llu", (unsigned long long)range.least,
             (unsigned long long)range.most);
    if (!read_number(text, &end, &value) || *end || value < range.least || value > range.most)
        wrong(option, text, expected);
    return value;
}

/* 0.05 and 5% are the same. */
static double rate(const char *option, const char *text)
{
    char *end;
    double value = strtod(text, &end);
    bool percent = end != text && strcmp(end, "%") == 0;
    if (percent) value /= 100;
    if (end == text || (*end && !percent) || !(value >= 0 && value <= 1))
        wrong(option, text, "expected a part from 0 to 1, or a percentage such as 5%");
    return value;
}

static void set_socket(struct settings *s, const char *option, const char *text)
{
    (void)option;
    s->socket = text;
}

static void set_connector(struct settings *s, const char *option, const char *text)
{
    if (*text == '\0' || strlen(text) > CONNECTOR_SIZE_MAX) wrong(option, text, "expected a name of 1 to 128 bytes");
    s->connector = text;
}

static void set_latency(struct settings *s, const char *option, const char *text)
{
    const char *expected = "expected milliseconds such as 20, or a span such as 100-500, up to 3600000";
    const uint64_t most = 3600000;
    uint64_t least, greatest;
    char *end;
    if (!read_number(text, &end, &least)) wrong(option, text, expected);
    greatest = least;
    if (*end == '-' && !read_number(end + 1, &end, &greatest)) wrong(option, text, expected);
    if (*end || greatest < least || greatest > most) wrong(option, text, expected);
    s->latency_min_ms = (uint32_t)least;
    s->latency_max_ms = (uint32_t)greatest;
}

static void set_fail_rate(struct settings *s, const char *option, const char *text)
{
    s->fail_rate = rate(option, text);
}

static void set_silent_rate(struct settings *s, const char *option, const char *text)
{
    s->silent_rate = rate(option, text);
}

static void set_connections(struct settings *s, const char *option, const char *text)
{
    s->connections = (uint32_t)number(option, text, (struct range){1, 1000});
}

static void set_pipeline(struct settings *s, const char *option, const char *text)
{
    s->pipeline = (uint32_t)number(option, text, (struct range){1, TAKES_WAITING_MAX});
}

static void set_max(struct settings *s, const char *option, const char *text)
{
    s->max = (uint32_t)number(option, text, (struct range){1, MAX_PER_TAKE});
}

static void set_seed(struct settings *s, const char *option, const char *text)
{
    s->seed = number(option, text, (struct range){0, UINT64_MAX});
}

static void set_until_idle(struct settings *s, const char *option, const char *text)
{
    s->idle_us = number(option, text, (struct range){1, 86400}) * 1000000;
}

static void set_quiet(struct settings *s, const char *option, const char *text)
{
    (void)option, (void)text;
    s->quiet = true;
}

static void set_reconnect(struct settings *s, const char *option, const char *text)
{
    (void)option, (void)text;
    s->reconnect = true;
}

static void show_help(struct settings *s, const char *option, const char *text);

static void show_version(struct settings *s, const char *option, const char *text)
{
    (void)s, (void)option, (void)text;
    puts("muster-fleet " MUSTER_VERSION);
    exit(EXIT_DONE);
}

static const struct row {
    const char *name;
    const char *value; /* NULL: a switch */
    const char *help;
    void (*set)(struct settings *s, const char *option, const char *text);
} ROWS[] = {
    {"socket", "PATH", "the engine's socket", set_socket},
    {"connector", "NAME", "how the connector calls itself (fleet)", set_connector},
    {"latency", "MS[-MS]", "how long a device takes to answer (0: at once)", set_latency},
    {"fail-rate", "PART", "part of the devices that fail: 0.05 or 5% (0)", set_fail_rate},
    {"silent-rate", "PART", "part of the devices that never answer (0)", set_silent_rate},
    {"connections", "N", "connections to the engine (1)", set_connections},
    {"pipeline", "N", "takes each connection keeps under way (8)", set_pipeline},
    {"max", "DEVICES", "devices asked for with each take (1000)", set_max},
    {"seed", "N", "decides, with job, device and attempt, what becomes of a device (1)", set_seed},
    {"until-idle", "SECONDS", "end when no device has come for so long", set_until_idle},
    {"reconnect", NULL, "when the engine goes, keep trying until it is back", set_reconnect},
    {"quiet", NULL, "no line each second, only the sum at the end", set_quiet},
    {"help", NULL, "show this", show_help},
    {"version", NULL, "show the version", show_version},
};
enum { ROW_COUNT = sizeof ROWS / sizeof *ROWS };

static void show_help(struct settings *s, const char *option, const char *text)
{
    (void)s, (void)option, (void)text;
    puts("Usage: muster-fleet [OPTION]...\n"
         "\n"
         "Stands for the devices of a fleet: takes work from a Muster engine and answers as devices would.\n"
         "SIGTERM or SIGINT gives the work that is held back to the engine and ends, within six seconds.\n");
    for (size_t i = 0; i < ROW_COUNT; i++) {
        char left[32];
        snprintf(left, sizeof left, "--%s %s", ROWS[i].name, ROWS[i].value ? ROWS[i].value : "");
        printf("  %-22s %s\n", left, ROWS[i].help);
    }
    puts("\n"
         "The socket is MUSTER_SOCKET when --socket is not given, else ./muster-data/muster.sock if there is\n"
         "one, else /run/muster/muster.sock.\n"
         "\n"
         "Ends with 0 when done, 1 when the engine refused, 2 for a wrong option, 3 when there is no engine or\n"
         "it went away.");
    exit(EXIT_DONE);
}

void settings_read(struct settings *settings, int argc, char **argv)
{
    struct option options[ROW_COUNT + 1] = {{.name = NULL}};
    for (size_t i = 0; i < ROW_COUNT; i++)
        options[i] = (struct option){ROWS[i].name, ROWS[i].value ? required_argument : no_argument, NULL, 0};
    *settings = (struct settings){
        .socket = muster_default_path(),
        .connector = "fleet",
        .connections = 1,
        .pipeline = 8,
        .max = 1000,
        .seed = 1,
    };
    int chosen = 0, found;
    while ((found = getopt_long(argc, argv, "", options, &chosen)) == 0)
        ROWS[chosen].set(settings, ROWS[chosen].name, optarg ? optarg : "");
    if (found == '?') fleet_end(EXIT_USAGE, "muster-fleet --help shows all options");
    if (optind < argc)
        fleet_end(EXIT_USAGE, "%s: only options are expected, muster-fleet --help shows them", argv[optind]);
    if (settings->fail_rate + settings->silent_rate > 1)
        fleet_end(EXIT_USAGE, "--fail-rate and --silent-rate are more than all devices together");
}
