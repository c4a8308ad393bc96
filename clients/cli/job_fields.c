/* A job's fields, as options of the command line. */
#include "clients/cli/job.h"
#include "clients/terminal/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_MAX_S = 30 * 86400, RETRIES_MAX = 10 };

/* ---- What to do on each device: one entry for every --set and its kin. */

static const struct {
    const char *option;
    const char *type;
    bool needs_value;
} KINDS[] = {
    {"set", "property", true},
    {"set-cloud", "cloudProperty", true},
    {"command", "command", false},
};
enum { KIND_COUNT = sizeof KINDS / sizeof *KINDS };

/* The kind of the option given at `index`, KIND_COUNT when it is another option. */
static size_t kind_of(const struct cli *cli, size_t index)
{
    size_t kind = 0;
    while (kind < KIND_COUNT && strcmp(cli->options.given[index].row->name, KINDS[kind].option) != 0) kind++;
    return kind;
}

static void pack_field(msgpack_packer *p, const char *key, const char *value, size_t size)
{
    muster_pack_text(p, key);
    msgpack_pack_str_with_body(p, value, size);
}

/* "PATH=JSON" or "PATH". */
static bool pack_entry(const struct cli *cli, msgpack_packer *p, size_t kind, const char *text)
{
    const char *target = option(cli, "target");
    size_t path_size = strcspn(text, "=");
    const char *value = text[path_size] == '=' ? text + path_size + 1 : NULL;
    struct json_fault fault;
    if (path_size == 0 || (KINDS[kind].needs_value && !value)) {
        usage(cli, "--%s %s: expected a path, = and a value", KINDS[kind].option, text);
        return false;
    }
    msgpack_pack_map(p, 2u + (target != NULL) + (value != NULL));
    pack_field(p, "type", KINDS[kind].type, strlen(KINDS[kind].type));
    if (target) pack_field(p, "target", target, strlen(target));
    pack_field(p, "path", text, path_size);
    if (!value) return true;
    muster_pack_text(p, "value");
    if (json_read(value, p, &fault)) return true;
    usage(cli, "the value of %.*s is not JSON: %s, at character %zu; a text is written %.*s='\"text\"'", (int)path_size,
          text, fault.why, fault.at + 1, (int)path_size, text);
    return false;
}

static uint32_t entry_count(const struct cli *cli)
{
    uint32_t count = 0;
    for (size_t i = 0; i < cli->options.count; i++) count += kind_of(cli, i) < KIND_COUNT;
    return count;
}

bool job_says_what_to_do(const struct cli *cli)
{
    return entry_count(cli) > 0;
}

static bool put_data(const struct cli *cli, struct muster_params *params)
{
    uint32_t count = entry_count(cli);
    if (count == 0) return true;
    msgpack_packer *p = muster_put(params, "data");
    msgpack_pack_array(p, count);
    for (size_t i = 0; i < cli->options.count; i++) {
        size_t kind = kind_of(cli, i);
        if (kind < KIND_COUNT && !pack_entry(cli, p, kind, cli->options.given[i].value)) return false;
    }
    return true;
}

/* ---- How to do it. */

/* {type: number | percentage, value}, and {batch: true} when per_batch is so. */
static bool put_measure(const struct cli *cli, struct muster_params *params, const char *name, const char *key,
                        bool per_batch)
{
    const char *text = option(cli, name);
    if (!text) return true;
    char *end = NULL;
    errno = 0;
    unsigned long long value = *text >= '0' && *text <= '9' ? strtoull(text, &end, 10) : 0;
    bool percentage = end && strcmp(end, "%") == 0;
    if (!end || errno || (*end && !percentage)) {
        usage(cli, "--%s %s: expected a number of devices, or a percentage such as 10%%", name, text);
        return false;
    }
    const char *type = percentage ? "percentage" : "number";
    msgpack_packer *p = muster_put(params, key);
    msgpack_pack_map(p, per_batch ? 3 : 2);
    pack_field(p, "type", type, strlen(type));
    muster_pack_text(p, "value");
    msgpack_pack_uint64(p, value);
    if (per_batch) muster_pack_text(p, "batch");
    if (per_batch) msgpack_pack_true(p);
    return true;
}

static bool put_timeouts(const struct cli *cli, struct muster_params *params)
{
    uint64_t queue = 0, execution = 0;
    bool good = option_number(cli, "queue-timeout", TIMEOUT_MAX_S, &queue) &&
                option_number(cli, "timeout", TIMEOUT_MAX_S, &execution);
    if (!good) return false;
    bool has_queue = option(cli, "queue-timeout"), has_execution = option(cli, "timeout");
    if (!has_queue && !has_execution) return true;
    msgpack_packer *p = muster_put(params, "timeouts");
    msgpack_pack_map(p, (uint32_t)has_queue + has_execution);
    if (has_queue) muster_pack_text(p, "queue");
    if (has_queue) msgpack_pack_uint64(p, queue);
    if (has_execution) muster_pack_text(p, "execution");
    if (has_execution) msgpack_pack_uint64(p, execution);
    return true;
}

/* "failed,expired" as a list of words; which ones there are the engine knows. */
static void pack_reasons(msgpack_packer *p, const char *reasons)
{
    uint32_t count = 1;
    for (const char *at = reasons; *at; at++) count += *at == ',';
    msgpack_pack_array(p, count);
    for (; count > 0; count--) {
        size_t size = strcspn(reasons, ",");
        msgpack_pack_str_with_body(p, reasons, size);
        reasons += size + 1;
    }
}

static bool put_retries(const struct cli *cli, struct muster_params *params)
{
    const char *reasons = option(cli, "retry-on");
    uint64_t max = 0;
    if (!option_number(cli, "retries", RETRIES_MAX, &max)) return false;
    if (!option(cli, "retries")) return !reasons || (usage(cli, "--retry-on needs a number of --retries"), false);
    msgpack_packer *p = muster_put(params, "retries");
    msgpack_pack_map(p, reasons ? 2 : 1);
    muster_pack_text(p, "max");
    msgpack_pack_uint64(p, max);
    if (!reasons) return true;
    muster_pack_text(p, "on");
    pack_reasons(p, reasons);
    return true;
}

bool job_put_fields(const struct cli *cli, struct muster_params *params)
{
    bool per_batch = option(cli, "threshold-per-batch");
    if (per_batch && !option(cli, "threshold")) {
        usage(cli, "--threshold-per-batch needs a --threshold");
        return false;
    }
    put_option(cli, params, "name", "displayName");
    put_option(cli, params, "description", "description");
    put_option(cli, params, "group", "group");
    return put_data(cli, params) && put_measure(cli, params, "batch", "batch", false) &&
           put_measure(cli, params, "threshold", "cancellationThreshold", per_batch) && put_timeouts(cli, params) &&
           put_retries(cli, params);
}

bool job_fields_given(const struct cli *cli)
{
    static const struct option_row ROWS[] = {JOB_FIELD_ROWS, {NULL, NULL, NULL}};
    for (const struct option_row *row = ROWS; row->name; row++)
        if (option(cli, row->name)) return true;
    return false;
}
