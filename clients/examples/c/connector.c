/* A connector: takes devices, does with them what the job says, reports how it went. connector SOCKET
 *
 *     cc connector.c $(pkg-config --cflags --libs libmuster) */
#include <muster.h>
#include <stdio.h>
#include <unistd.h>

/* Here the device is spoken to. It may have done this job in an attempt whose report was lost, and should know. */
static enum muster_outcome deliver(const char *device, const struct muster_work *work)
{
    usleep(5000);
    for (uint32_t i = 0; i < work->data->via.array.size; i++) {
        msgpack_object_str path = muster_text(&work->data->via.array.ptr[i], "path");
        printf("%s: %.*s (%s, attempt %d)\n", device, (int)path.size, path.ptr, work->job, (int)work->attempt);
    }
    fflush(stdout);
    return MUSTER_COMPLETED;
}

static enum muster_status carry_out(struct muster_client *engine, struct muster_work *work)
{
    for (size_t i = 0; i < work->count; i++) {
        /* What cannot be done in time goes back; the engine gives it to somebody else. */
        if (muster_work_time_left(work) == 0) break;
        muster_work_result(work, i, deliver(work->devices[i], work), NULL, NULL);
    }
    muster_work_give_back(work);
    return muster_report(engine, work, NULL);
}

int main(int argc, char **argv)
{
    struct muster_client *engine;
    enum muster_status status = muster_open(argc > 1 ? argv[1] : muster_default_path(), MUSTER_FOR_EVER, &engine);
    while (status == MUSTER_OK || status == MUSTER_NOTHING) {
        struct muster_work *work, *next;
        status = muster_take(engine, "c", 10, 60, &work);
        for (; work; work = next) {
            next = work->next;
            if (status == MUSTER_OK) status = carry_out(engine, work);
            muster_work_free(work);
        }
    }
    fprintf(stderr, "%s\n", muster_why(engine));
    muster_close(engine);
    return 1;
}
