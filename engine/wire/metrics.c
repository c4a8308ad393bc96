/* The engine in numbers, as text in the format OpenMetrics 1.0: families of metrics.def, one after another, then # EOF.
 * https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md */
#include "engine/wire/load.h"
#include "engine/wire/put.h"
#include "engine/wire/wire.h"
#include "projections/devices.h"
#include "projections/jobs.h"

#include <stdio.h>

enum { LINE_SIZE_MAX = 512 };

const uint64_t COMMIT_BOUNDS_US[COMMIT_BUCKETS - 1] = {1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 1000000};

static void put_line(struct buffer *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put_line(struct buffer *out, const char *format, ...)
{
    char line[LINE_SIZE_MAX];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    ASSERT(size >= 0 && size < LINE_SIZE_MAX);
    buffer_append(out, line, (size_t)size);
}

static void put_family(struct buffer *out, const char *kind, const char *name, const char *unit, const char *help)
{
    put_line(out, "# TYPE %s %s\n", name, kind);
    if (unit[0]) put_line(out, "# UNIT %s %s\n", name, unit);
    put_line(out, "# HELP %s %s\n", name, help);
}

/* `labels`: "" or {...}. Fifteen digits show bytes and events whole. */
static void put_sample(struct buffer *out, const char *kind, const char *name, const char *labels, double value)
{
    const char *end = strcmp(kind, "counter") == 0 ? "_total" : "";
    put_line(out, "%s%s%s %.15g\n", name, end, labels, value);
}

static void put_build(struct buffer *out)
{
    put_family(out, "info", "muster_build", "", "The engine's version.");
    put_line(out, "muster_build_info{version=\"%s\"} 1\n", MUSTER_VERSION);
}

static void put_commits(struct buffer *out, const struct wire_counts *n)
{
    static const char NAME[] = "muster_commit_seconds";
    uint64_t so_far = 0;
    put_family(out, "histogram", NAME, "seconds", "How long commits of the log took, until they were on disk.");
    for (size_t i = 0; i < COMMIT_BUCKETS - 1; i++) {
        so_far += n->commit_buckets[i];
        put_line(out, "%s_bucket{le=\"%g\"} %llu\n", NAME, (double)COMMIT_BOUNDS_US[i] / 1e6,
                 (unsigned long long)so_far);
    }
    put_line(out, "%s_bucket{le=\"+Inf\"} %llu\n", NAME, (unsigned long long)n->commits);
    put_line(out, "%s_count %llu\n%s_sum %.6f\n", NAME, (unsigned long long)n->commits, NAME,
             (double)n->commit_us / 1e6);
}

void wire_metrics(struct view *v, const struct wire_facts *f, struct buffer *out)
{
    const struct wire_load *l = f->load;
    const struct wire_counts *n = f->counts;
    char labels[LINE_SIZE_MAX / 2];
    put_build(out);
#define METRIC(kind, name, unit, value, help)                                                                          \
    put_family(out, #kind, #name, unit, help);                                                                         \
    put_sample(out, #kind, #name, "", (double)(value));
#define METRIC_BY(kind, name, label, first, count, word, value, help)                                                  \
    put_family(out, #kind, #name, "", help);                                                                           \
    for (int i = first; i < (int)(count); i++) {                                                                       \
        snprintf(labels, sizeof labels, "{" label "=\"%s\"}", word);                                                   \
        put_sample(out, #kind, #name, labels, (double)(value));                                                        \
    }
#include "engine/wire/metrics.def"
#undef METRIC
#undef METRIC_BY
    put_commits(out, n);
    put_line(out, "# EOF\n");
}
