/* Two patient clients in one loop, for a test that kills their engine: one saves jobs without an id of their own, eight
 * at a time, until standard input ends; the other hears of them. Prints each job that was answered as "saved ID", each
 * that was heard of as "heard ID", and ends when it has heard of all that were answered.
 *
 *     patient SOCKET */
#include <muster.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

enum { UNDER_WAY = 8, PATIENCE_MS = 60000 };

struct sums {
    size_t under_way;
    size_t saved;
    size_t heard;
};

static void check(struct muster_client *client, enum muster_status status)
{
    if (status == MUSTER_OK || status == MUSTER_NOTHING) return;
    fprintf(stderr, "%d: %s\n", status, muster_why(client));
    exit(1);
}

static void save(struct muster_client *client)
{
    struct muster_params params;
    muster_params_init(&params);
    muster_put_text(&params, "group", "all");
    msgpack_packer *packer = muster_put(&params, "data");
    msgpack_pack_array(packer, 1);
    msgpack_pack_map(packer, 3);
    for (const char *const *word = (const char *const[]){"type", "command", "path", "flush", NULL}; *word; word++)
        muster_pack_text(packer, *word);
    muster_pack_text(packer, "value");
    msgpack_pack_true(packer);
    check(client, muster_queue(client, "jobs.save", &params, NULL));
    muster_params_free(&params);
}

static void hear(struct muster_client *client, struct sums *sums)
{
    struct muster_message message;
    enum muster_status status;
    while ((status = muster_next(client, &message)) == MUSTER_OK) {
        msgpack_object_str id;
        switch (message.kind) {
        case MUSTER_ANSWER:
            id = muster_text(&message.value, "id");
            printf("saved %.*s\n", (int)id.size, id.ptr);
            sums->under_way--;
            sums->saved++;
            break;
        case MUSTER_EVENT:
            id = muster_text(&message.value, "job");
            printf("heard %.*s\n", (int)id.size, id.ptr);
            sums->heard++;
            break;
        case MUSTER_CAUGHT_UP: break;
        case MUSTER_REFUSAL:
        case MUSTER_NOTICE:
        case MUSTER_LOST: check(client, MUSTER_REFUSED);
        }
    }
    check(client, status);
}

int main(int argc, char **argv)
{
    struct muster_client *asking, *hearing;
    struct muster_params filter;
    struct sums sums = {.saved = 0};
    bool is_ending = false;
    if (argc != 2) return 2;
    enum muster_status opened = muster_open(argv[1], PATIENCE_MS, &asking);
    check(asking, opened);
    opened = muster_open(argv[1], PATIENCE_MS, &hearing);
    check(hearing, opened);
    muster_params_init(&filter);
    muster_put_text(&filter, "type", "JOB_CREATED");
    check(hearing, muster_subscribe(hearing, 1, &filter));
    muster_params_free(&filter);
    struct pollfd polls[] = {
        {.fd = 0, .events = POLLIN},
        {.fd = muster_fd(asking), .events = POLLIN},
        {.fd = muster_fd(hearing), .events = POLLIN},
    };
    while (!is_ending || sums.under_way > 0 || sums.heard < sums.saved) {
        for (; !is_ending && sums.under_way < UNDER_WAY; sums.under_way++) save(asking);
        if (poll(polls, 3, -1) < 0) return 1;
        if (polls[0].revents) {
            is_ending = true;
            polls[0].fd = -1;
        }
        if (polls[1].revents) hear(asking, &sums);
        if (polls[2].revents) hear(hearing, &sums);
    }
    muster_close(asking);
    muster_close(hearing);
    return 0;
}
