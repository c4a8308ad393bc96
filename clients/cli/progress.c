/* Drawn at most ten times a second on a terminal, every five seconds into a file. */
#include "clients/cli/progress.h"
#include "clients/terminal/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define TERMINAL_EVERY 0.1
#define FILE_EVERY     5.0
/* The rate is an average over about this many seconds, so that the remaining time does not dance. */
#define RATE_SPAN 3.0

enum { WIDTH_DEFAULT = 80, WIDTH_MAX = 200, BAR_MAX = 40, BAR_LEAST = 5 };

double monotonic_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void progress_begin(struct progress *p, uint64_t done)
{
    double now = monotonic_seconds();
    *p = (struct progress){.terminal = isatty(STDERR_FILENO), .start = now, .rated = now, .rated_done = done};
    p->drawn = p->terminal ? 0 : now;
}

static void take_rate(struct progress *p, uint64_t done, double now)
{
    double span = now - p->rated;
    if (span <= 0) return;
    double fresh = done > p->rated_done ? (double)(done - p->rated_done) / span : 0;
    double weight = p->rate > 0 ? span / (span + RATE_SPAN) : 1;
    p->rate += (fresh - p->rate) * weight;
    p->rated = now;
    p->rated_done = done;
}

static void write_numbers(FILE *out, const struct progress *p, const struct progress_state *s)
{
    double part = s->total ? (double)s->done / (double)s->total : 0;
    if (s->total) fprintf(out, "%3.0f %%  ", floor(part * 100));
    if (s->counted) {
        write_count(out, s->done);
        if (s->total) {
            fputc('/', out);
            write_count(out, s->total);
        }
        fputs("  ", out);
    }
    if (s->counted && p->rate >= 1) {
        write_count(out, (uint64_t)p->rate);
        fputs("/s  ", out);
    }
    fputs(s->more ? s->more : "", out);
    if (p->rate > 0 && s->total > s->done) {
        fputs("  ", out);
        write_duration(out, (double)(s->total - s->done) / p->rate);
        fputs(" left", out);
    }
}

static size_t terminal_width(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return WIDTH_DEFAULT;
    return size.ws_col < WIDTH_MAX ? size.ws_col : WIDTH_MAX;
}

/* The bar takes what the numbers leave of the line; without room for one, there is none. */
static void draw(const char *numbers, size_t size, const struct progress_state *s)
{
    size_t width = terminal_width() - 1;
    size_t room = width > size + 3 ? width - size - 3 : 0;
    size_t bar = room < BAR_LEAST || s->total == 0 ? 0 : room < BAR_MAX ? room : BAR_MAX;
    size_t full = bar ? (size_t)((double)bar * (double)s->done / (double)s->total) : 0;
    fputs("\r", stderr);
    if (bar) {
        fputc('[', stderr);
        for (size_t i = 0; i < bar; i++) fputc(i < full ? '#' : '.', stderr);
        fputs("] ", stderr);
    }
    fprintf(stderr, "%.*s\033[K", (int)width, numbers);
    fflush(stderr);
}

void progress_show(struct progress *p, const struct progress_state *state)
{
    double now = monotonic_seconds();
    if (now - p->drawn < (p->terminal ? TERMINAL_EVERY : FILE_EVERY)) return;
    take_rate(p, state->done, now);
    p->drawn = now;
    char *numbers = NULL;
    size_t size;
    FILE *out = open_memstream(&numbers, &size);
    if (!out) return;
    write_numbers(out, p, state);
    if (fclose(out) == 0) {
        if (p->terminal) draw(numbers, size, state);
        else fprintf(stderr, "%s\n", numbers);
    }
    free(numbers);
}

void progress_end(struct progress *p)
{
    if (p->terminal && p->drawn > 0) fputs("\r\033[K", stderr);
}
