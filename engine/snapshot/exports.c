/* An export: six columns, a row a device, from one snapshot into one private file. Memory does not grow with the fleet. */
#include "engine/snapshot/runs.h"

#include <openssl/crypto.h>

#include "engine/csv/csv_writer.h"
#include "engine/events/numbers.h"
#include "engine/snapshot/selection.h"
#include "engine/snapshot/spool.h"
#include "projections/thumbprints.h"

enum { WRITE_SIZE = 256 << 10, ROWS_BETWEEN_LOOKS = 1024, HEX_SIZE_MAX = 64 };

static const char HEADER[] = "IOTC_DEVICEID,IOTC_DEVICENAME,IOTC_SASKEY_PRIMARY,IOTC_SASKEY_SECONDARY,"
                             "IOTC_X509THUMBPRINT_PRIMARY,IOTC_X509THUMBPRINT_SECONDARY\r\n";

struct sheet {
    struct task *task;
    struct spool_file file;
    struct csv_writer writer;
    struct buffer out;
    struct device_keys *keys;
    uint32_t devices; /* in the snapshot, or in the list: what the percentage is of */
    uint32_t looked;
};

/* ---- Rows. */

static void key_cell(struct sheet *s, enum group_key which, struct bytes id)
{
    char key[DEVICE_KEY_SIZE];
    device_keys_make(s->keys, which, id, key);
    csv_writer_exact(&s->writer, (struct bytes){key, sizeof key});
    OPENSSL_cleanse(key, sizeof key);
}

static void thumbprint_cell(struct sheet *s, struct bytes thumbprint)
{
    static const char DIGITS[] = "0123456789abcdef";
    const uint8_t *byte = thumbprint.data;
    char hex[HEX_SIZE_MAX];
    ASSERT(2 * thumbprint.size <= sizeof hex);
    for (size_t i = 0; i < thumbprint.size; i++) {
        hex[2 * i] = DIGITS[byte[i] >> 4];
        hex[2 * i + 1] = DIGITS[byte[i] & 15];
    }
    csv_writer_exact(&s->writer, (struct bytes){hex, 2 * thumbprint.size});
}

static bool drain(struct sheet *s, size_t enough)
{
    if (s->out.size < enough) return true;
    struct bytes data = buffer_bytes(&s->out);
    s->out.size = 0;
    s->task->exporting.bytes += data.size;
    if (spool_write(&s->file, data, &s->task->fault)) return true;
    s->task->lacks_room = s->file.lacks_room;
    s->task->failed = true;
    return false;
}

static bool add_row(struct sheet *s, const struct device *device)
{
    struct csv_writer *w = &s->writer;
    struct thumbprints thumbprints = thumbprints_get(s->task->snapshot, device->number);
    csv_writer_cell(w, device->id);
    csv_writer_cell(w, device->display_name);
    key_cell(s, GROUP_KEY_PRIMARY, device->id);
    key_cell(s, GROUP_KEY_SECONDARY, device->id);
    thumbprint_cell(s, thumbprints.primary);
    thumbprint_cell(s, thumbprints.secondary);
    csv_writer_row_end(w);
    s->task->exporting.rows++;
    return drain(s, WRITE_SIZE);
}

/* Tells how far it is, and hears when nobody waits any more: an engine that stops waits for its workers. */
static bool may_go_on(struct sheet *s)
{
    struct exporting *e = &s->task->exporting;
    if (s->looked++ % ROWS_BETWEEN_LOOKS != 0) return true;
    atomic_store(&e->rows_so_far, e->rows);
    atomic_store(&e->percent, s->devices ? (uint32_t)(UINT64_C(100) * MIN(s->looked, s->devices) / s->devices) : 100);
    if (!atomic_load(&s->task->cancelled)) return true;
    spool_abandon(&s->file);
    return task_fail(s->task, "the engine was stopped");
}

/* ---- Where devices come from. */

static bool walk_list(struct sheet *s)
{
    struct numbers numbers = numbers_of(s->task->exporting.devices);
    struct device device;
    uint64_t number;
    while (numbers_next(&numbers, &number)) {
        if (!may_go_on(s)) return false;
        if (!devices_get(s->task->snapshot, (uint32_t)number, &device) || device.removed) continue;
        if (!add_row(s, &device)) return false;
    }
    return true;
}

static bool walk_group(struct sheet *s)
{
    struct selection selection;
    struct filter_error error;
    struct selected found;
    uint32_t from = 1, looks;
    enum selection_step step;
    if (!selection_begin(&selection, s->task->snapshot, &s->task->arena, s->task->exporting.filter, &error)) {
        spool_abandon(&s->file);
        return task_fail(s->task, "the group's filter cannot be read: %s", error.sentence.text);
    }
    do {
        looks = 1;
        step = selection_next(&selection, &from, &looks, &found);
        if (!may_go_on(s)) return false;
        if (step == SELECTION_FOUND && !add_row(s, &found.device)) return false;
    } while (step != SELECTION_END);
    return true;
}

static bool walk_all(struct sheet *s)
{
    uint32_t template = s->task->exporting.template;
    struct device device;
    for (uint32_t from = 1; devices_next(s->task->snapshot, from, &device); from = device.number + 1) {
        if (!may_go_on(s)) return false;
        if (template && device.template != template) continue;
        if (!add_row(s, &device)) return false;
    }
    return true;
}

static bool walk(struct sheet *s)
{
    const struct exporting *e = &s->task->exporting;
    if (e->devices.size) return walk_list(s);
    return e->of_group ? walk_group(s) : walk_all(s);
}

/* ---- The file. */

/* A walk that met damage ends early, and looks whole. */
static bool finish(struct sheet *s)
{
    if (snapshot_failed(s->task->snapshot)) {
        spool_abandon(&s->file);
        return false; /* task_run says why */
    }
    if (!drain(s, 0)) return false;
    if (spool_finish_durably(&s->file, &s->task->fault)) return true;
    s->task->lacks_room = s->file.lacks_room;
    s->task->failed = true;
    return false;
}

void export_run(struct task *task)
{
    struct exporting *e = &task->exporting;
    struct sheet s = {.task = task, .out.arena = &task->arena};
    if (!spool_create_numbered(&s.file, task->exports_directory, e->export, &task->fault)) {
        task->lacks_room = s.file.lacks_room;
        task->failed = true;
        return;
    }
    s.keys = device_keys_new(e->keys);
    s.devices = e->devices.size ? (uint32_t)numbers_count(e->devices) : devices_count(task->snapshot);
    s.writer = csv_writer_on(&s.out);
    uint8_t *buffer = buffer_room(&s.out, WRITE_SIZE + WRITE_SIZE / 4); /* the last row goes over: no growing for it */
    buffer_append(&s.out, HEADER, sizeof HEADER - 1);
    if (walk(&s)) finish(&s);
    OPENSSL_cleanse(buffer, WRITE_SIZE + WRITE_SIZE / 4);
    device_keys_delete(s.keys);
}

void export_piece_run(struct task *task)
{
    struct export_piece *piece = &task->export_piece;
    uint8_t *data = arena_alloc(&task->arena, RESULTS_PIECE_SIZE);
    char name[SPOOL_TOKEN_SIZE + 1];
    enum spool_result result =
        spool_read(task->exports_directory, spool_numbered(piece->export, name), piece->offset, data,
                   RESULTS_PIECE_SIZE, &piece->data.size, &piece->next, &task->fault);
    piece->data.data = data;
    piece->gone = result == SPOOL_GONE;
    task->failed = result == SPOOL_FAILED;
}
