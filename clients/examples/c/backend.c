/* A backend: registers devices, runs a job, keeps count of it from its events. backend SOCKET STATE DEVICES
 * STATE holds that count and the number of the next event, always both: anything may be killed and started again. */
#include <muster.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
static struct muster_client *engine, *listener;
static struct muster_params params;

static msgpack_object ask(const char *method, const char *const *fields)
{
    msgpack_object answer;
    for (; fields && *fields; fields += 2) muster_put_text(&params, fields[0], fields[1]);
    if (muster_call(engine, method, &params, &answer)) exit(fprintf(stderr, "%s: %s\n", method, muster_why(engine)));
    muster_params_clear(&params);
    return answer;
}

static void save(const char *state, uint64_t next, uint64_t completed)
{
    char path[4096];
    snprintf(path, sizeof path, "%s.new", state);
    FILE *file = fopen(path, "w");
    if (!file || fprintf(file, "%" PRIu64 " %" PRIu64 "\n", next, completed) < 0 || fclose(file)) exit(1);
    rename(path, state); /* whole, or not at all; add fsync() where the power may fail */
}

int main(int argc, char **argv)
{
    uint64_t next = 0, completed = 0;
    char id[32];
    if (argc < 4 || muster_open(argv[1], MUSTER_FOR_EVER, &engine) || muster_open(argv[1], MUSTER_FOR_EVER, &listener))
        return 2;
    muster_params_init(&params);
    FILE *file = fopen(argv[2], "r");
    msgpack_object info = ask("info", NULL); /* first of all where to begin, so that no event of the job is missed */
    if (!file) save(argv[2], next = muster_uint(&info, "head", 0) + 1, 0);
    else if (fscanf(file, "%" SCNu64 " %" SCNu64, &next, &completed) != 2 || fclose(file)) return 2;
    for (int i = 0; i < atoi(argv[3]) && snprintf(id, sizeof id, "pump-%d", i) > 0; i++)
        ask("devices.put", (const char *[]){"id", id, NULL});
    ask("groups.put", (const char *[]){"id", "pumps", "filter", "$id STARTSWITH 'pump-'", NULL});
    const char *const entry[] = {"type", "command", "path", "flush", "value", "gently"};
    msgpack_packer *data = muster_put(&params, "data");
    msgpack_pack_array(data, 1), msgpack_pack_map(data, 3);
    for (int i = 0; i < 6; i++) muster_pack_text(data, entry[i]);
    ask("jobs.run", (const char *[]){"id", "flush-1", "group", "pumps", NULL}); /* again: the job as it is */
    muster_put_text(&params, "job", "flush-1");
    muster_subscribe(listener, next, &params);
    for (struct muster_message event; muster_receive(listener, &event) == MUSTER_OK && event.kind != MUSTER_REFUSAL;) {
        msgpack_object_str type = muster_text(&event.value, "type");
        if (muster_text_is(type, "JOB_COMPLETED") || muster_text_is(type, "JOB_FAILED") ||
            muster_text_is(type, "JOB_CANCELLED")) /* not saved: it comes again */
            return printf("%.*s: %" PRIu64 " completed\n", (int)type.size, type.ptr, completed) < 0;
        completed += muster_bool(&event.value, "ends", false) &&
                     muster_text_is(muster_text(&event.value, "outcome"), "completed");
        save(argv[2], muster_position(listener), completed);
    }
    return fprintf(stderr, "%s\n", muster_why(listener)) > 0;
}
