/* musterd: reads its settings, opens the turn, serves until it is told to stop. */
#include "engine/base/arena.h"
#include "engine/clock/clock.h"
#include "engine/clock/journal.h"
#include "engine/loop/loop.h"
#include "engine/main_directory.h"
#include "engine/service/service.h"
#include "engine/settings.h"
#include "engine/turn.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

enum { BOOT_ID_SIZE_MAX = 64, LARGE_BUFFER_BYTES = 1 << 20 };

/* What is wrong with the command line is for whoever typed it, all else may be read days later. */
static int refuse(const struct sentence *why, int exit_code)
{
    service_notify("STATUS=%.400s", why->text);
    if (exit_code == EXIT_USAGE) fprintf(stderr, "musterd: %s\n", why->text);
    else journal_at(JOURNAL_ERROR, "%s", why->text);
    return exit_code;
}

/* Names the running system, so that files written before a power cut are known as such. */
static void read_boot_id(char boot_id[BOOT_ID_SIZE_MAX])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, boot_id, BOOT_ID_SIZE_MAX - 1);
    if (fd >= 0) close(fd);
    boot_id[MAX(size, 0)] = '\0';
    boot_id[strcspn(boot_id, "\n")] = '\0';
}

/* Connections, segments and workers take descriptors; the usual soft limit is near the limit of connections. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* Large buffers go back to the system when they are freed; glibc would raise this bound as it sees them, and keep
 * what one burst of large frames took for good. */
static void give_large_buffers_back(void)
{
    mallopt(M_MMAP_THRESHOLD, LARGE_BUFFER_BYTES);
}

/* Those that may change while the engine runs. */
static void set_changeable(struct turn_settings *turn, const struct settings *settings)
{
    turn->jobs_at_once = (uint32_t)settings->jobs_at_once;
    turn->property_timeout = (uint32_t)settings->property_timeout;
    turn->command_timeout = (uint32_t)settings->command_timeout;
    turn->returned_rest = (uint32_t)settings->returned_rest;
}

static struct turn_settings turn_settings_of(const struct settings *settings, struct loop *loop, const char *boot_id,
                                             struct arena *arena)
{
    struct turn_settings turn = {
        .data_directory = settings->data,
        .host = loop_host(loop),
        .now = {.wall_us = clock_wall_us(), .monotonic_us = clock_monotonic_us()},
        .boot_id = boot_id,
        .segment_values_max = settings->segment_events,
        .segment_bytes_max = settings->segment_bytes,
        .log_map_bytes = settings->log_map_bytes,
        .quota_bytes = settings->quota_bytes,
        .ballast_bytes = settings->ballast_bytes,
        .trust_keys = settings->trust_keys,
        .rebuild = settings->rebuild,
        .settings = settings_pack(settings, arena),
    };
    set_changeable(&turn, settings);
    ASSERT(getrandom(turn.session, sizeof turn.session, 0) == (ssize_t)sizeof turn.session);
    return turn;
}

/* ---- SIGHUP. */

struct reloading {
    struct settings settings; /* those in force */
    int argc;
    char **argv;
    struct turn *turn;
};

/* What cannot be read changes nothing. */
static void reload(void *context)
{
    struct reloading *r = context;
    struct settings fresh;
    struct sentence why;
    struct arena arena = {0};
    if (!settings_read(&fresh, r->argc, r->argv, &arena, &why)) {
        journal_at(JOURNAL_WARNING, "the configuration stays as it is: %s", why.text);
    } else {
        settings_reload(&r->settings, &fresh, &why);
        struct turn_settings changed = {0};
        set_changeable(&changed, &r->settings);
        turn_change_settings(r->turn, &changed);
        journal_set_format((enum journal_format)r->settings.log_format);
        journal("the configuration is read again%s%s", why.text[0] ? "; these wait for the next start: " : "",
                why.text);
    }
    arena_free(&arena);
}

/* ---- A run. */

static int serve(struct reloading *r, const struct loop_sockets *sockets, struct loop *loop, struct arena *arena)
{
    const struct settings *settings = &r->settings;
    char boot_id[BOOT_ID_SIZE_MAX];
    struct sentence why;
    int exit_code = EXIT_FAILED;
    read_boot_id(boot_id);
    service_notify("STATUS=Checking the end of the log");
    struct turn_settings turn_settings = turn_settings_of(settings, loop, boot_id, arena);
    struct turn *turn = turn_open(&turn_settings, &why, &exit_code);
    if (!turn) return refuse(&why, exit_code);
    bool serves = loop_serve(loop, turn, sockets, &why) &&
                  (settings->metrics_port == 0 || loop_serve_metrics(loop, (uint16_t)settings->metrics_port, &why));
    if (!serves) {
        struct turn_clock now = {.wall_us = clock_wall_us(), .monotonic_us = clock_monotonic_us()};
        turn_close(turn, &now);
        return refuse(&why, EXIT_FAILED);
    }
    r->turn = turn;
    if (settings->config) loop_on_reload(loop, (struct loop_reload){.context = r, .reload = reload});
    turn_describe(turn, &why);
    journal("version " MUSTER_VERSION ", serving at %s (%s)", settings->socket, why.text);
    exit_code = loop_run(loop, &why);
    if (exit_code != EXIT_CLEAN) return refuse(&why, exit_code);
    journal("stopped in order");
    return EXIT_CLEAN;
}

/* Nothing is left behind by a start that could not come to anything. */
static bool make_ready(const struct settings *settings, const struct loop_sockets *sockets, struct sentence *why)
{
    bool made;
    if (!data_directory_make(settings->data, &made, why)) return false;
    if (loop_sockets_check(sockets, made, why)) return true;
    if (made) data_directory_unmake(settings->data);
    return false;
}

static int run(struct reloading *r, struct arena *arena)
{
    const struct settings *settings = &r->settings;
    struct sentence why;
    const struct loop_sockets sockets = {
        .operators_path = settings->socket,
        .readers_path = settings->reader_socket,
        .mode = (uint32_t)settings->socket_mode,
        .group = settings->socket_group,
        .operators_fd = service_take_socket("operators", 0),
        .readers_fd = service_take_socket("readers", 1),
    };
    journal_set_format((enum journal_format)settings->log_format);
    if (!make_ready(settings, &sockets, &why)) return refuse(&why, EXIT_FAILED);
    /* Of a reload that comes too early: it has been read just now. */
    if (settings->config) signal(SIGHUP, SIG_IGN);
    raise_descriptor_limit();
    give_large_buffers_back();
    struct loop *loop = loop_new(&why);
    int exit_code = loop ? serve(r, &sockets, loop, arena) : refuse(&why, EXIT_FAILED);
    if (loop) loop_delete(loop);
    return exit_code;
}

int main(int argc, char *argv[])
{
    struct reloading reloading = {.argc = argc, .argv = argv};
    struct settings *settings = &reloading.settings;
    struct sentence why;
    struct arena arena = {0};
    int exit_code = EXIT_CLEAN;
    service_init();
    if (!settings_read(settings, argc, argv, &arena, &why)) {
        exit_code = refuse(&why, EXIT_USAGE);
    } else if (settings->show_help) {
        settings_print_help();
    } else if (settings->show_config) {
        settings_print_config(stdout);
    } else if (settings->check_config) {
        printf("musterd: the settings are right\n");
    } else if (settings->show_version) {
        printf("musterd " MUSTER_VERSION "\n");
    } else {
        exit_code = run(&reloading, &arena);
    }
    arena_free(&arena);
    return exit_code;
}
