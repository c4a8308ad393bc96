/* What a start finds, and the two steps of a rotation. */
#include "engine/keys/key_store.h"

#include "engine/keys/key_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char *path_in(const char *directory, const char *name)
{
    char *path;
    ASSERT(asprintf(&path, "%s/%s", directory, name) >= 0);
    return path;
}

static void adopt(struct key_store *k, struct group_keys *keys)
{
    group_keys_release(k->current);
    k->current = keys;
}

static bool fail(struct key_store *k, int error, const char *path)
{
    k->error = error;
    sentence_set(&k->why, "the group keys cannot be written to %s: %s", path, strerror(error));
    return false;
}

/* ---- A start. */

struct prints {
    struct bytes print[GROUP_KEYS];
};

static bool are_known(const struct prints *known)
{
    return known->print[GROUP_KEY_PRIMARY].size > 0;
}

static bool match(const struct group_keys *keys, const struct prints *known)
{
    for (enum group_key i = GROUP_KEY_PRIMARY; i < GROUP_KEYS; i++) {
        uint8_t print[KEY_PRINT_SIZE];
        group_keys_print(keys, i, print);
        if (!bytes_equal((struct bytes){print, sizeof print}, known->print[i])) return false;
    }
    return true;
}

/* The keys in use are not those that the log knows, which may stand under the other name. What cannot be read there
 * stays there: it may be the only copy. */
static bool finish_rotation(struct key_store *k, const struct prints *known, bool trust)
{
    struct group_keys *next;
    enum private_file_result result = key_file_read(k->next_path, &next, &k->why);
    if (result != PRIVATE_FILE_READ) return result == PRIVATE_FILE_MISSING || trust;
    if (!match(next, known)) {
        group_keys_release(next);
        return true;
    }
    adopt(k, next);
    int error = private_file_rename(k->next_path, k->path);
    return error ? fail(k, error, k->path) : true;
}

/* Finishes a rotation that the log holds, forgets one that it does not. */
static bool look_at_next(struct key_store *k, const struct prints *known, bool trust)
{
    bool is_current = k->current && are_known(known) && match(k->current, known);
    if (are_known(known) && !is_current) return finish_rotation(k, known, trust);
    unlink(k->next_path);
    return true;
}

static bool make(struct key_store *k)
{
    adopt(k, group_keys_new(NULL, NULL));
    int error = key_file_write(k->next_path, k->current);
    if (!error) error = private_file_rename(k->next_path, k->path);
    return error ? fail(k, error, k->path) : true;
}

/* Devices may have keys that were made from those that the log knows: to go on with others would go unnoticed until
 * devices are turned away. */
static bool refuse(struct key_store *k)
{
    const char *what = k->current ? "holds other group keys than the log knows" : "is missing, and the log knows of its keys";
    sentence_set(&k->why, "%s %s: put the right file back or, if there is none any more, start once with --trust-keys, "
                          "which %s; devices then need new keys from an export",
                 k->path, what, k->current ? "takes these" : "makes new ones");
    return false;
}

static bool settle_at_start(struct key_store *k, const struct prints *known, bool trust)
{
    if (k->current && (!are_known(known) || match(k->current, known))) return true;
    if (!k->current && !are_known(known)) return make(k);
    if (!trust) return refuse(k);
    k->unknown = true;
    return k->current || make(k);
}

bool key_store_open(struct key_store *k, const char *directory, struct bytes primary, struct bytes secondary, bool trust)
{
    const struct prints known = {{primary, secondary}};
    *k = (struct key_store){.path = path_in(directory, "group-keys"), .next_path = path_in(directory, "group-keys.next")};
    bool opened = key_file_read(k->path, &k->current, &k->why) != PRIVATE_FILE_REFUSED && look_at_next(k, &known, trust) &&
                  settle_at_start(k, &known, trust);
    if (opened) return true;
    struct sentence why = k->why;
    int error = k->error;
    key_store_close(k);
    k->why = why;
    k->error = error;
    return false;
}

void key_store_close(struct key_store *k)
{
    group_keys_release(k->next);
    group_keys_release(k->current);
    free(k->next_path);
    free(k->path);
    *k = (struct key_store){0};
}

/* ---- A rotation. */

struct group_keys *key_store_keys(struct key_store *k)
{
    return k->next ? k->next : k->current;
}

void key_store_rotate(struct key_store *k, enum group_key which)
{
    struct group_keys *rotated = group_keys_rotated(key_store_keys(k), which);
    group_keys_release(k->next);
    k->next = rotated;
}

static bool give_name(struct key_store *k)
{
    int error = private_file_rename(k->next_path, k->path);
    k->next_owed = error != 0;
    return error ? fail(k, error, k->path) : true;
}

bool key_store_write(struct key_store *k)
{
    if (!k->next) return true;
    if (k->next_owed && !give_name(k)) return false;
    int error = key_file_write(k->next_path, k->next);
    k->next_written = error == 0;
    return error ? fail(k, error, k->next_path) : true;
}

bool key_store_settle(struct key_store *k)
{
    if (!k->next) return true;
    ASSERT(k->next_written);
    adopt(k, k->next);
    k->next = NULL;
    k->next_written = false;
    return give_name(k);
}

void key_store_undo(struct key_store *k)
{
    group_keys_release(k->next);
    k->next = NULL;
    if (k->next_written) unlink(k->next_path);
    k->next_written = false;
}
