/* How the value of a method's field is read: one function for each type that commands.def knows. Inside wire/. */
#ifndef MUSTER_WIRE_FIELDS_H
#define MUSTER_WIRE_FIELDS_H

#include "engine/base/cursor.h"
#include "engine/decide/command.h"

/* Which field is being read, for the sentences. */
struct reading {
    const char *method;
    const char *key;
    struct sentence *why;
};

/* Each takes one value that is not nil and stores it as its command_<type>. False, with a sentence, when it is
 * not of the type or out of range. */
typedef bool field_reader(const struct reading *r, struct cursor *c, void *out);

field_reader read_text, read_blob, read_number, read_flag, read_measure, read_times, read_retry, read_timetable,
    read_value, read_list, read_words;
/* A text of 1 to REQUEST_ID_BYTES_MAX bytes: who or what asks. */
field_reader read_name;

/* ---- For types that are maps. */

/* One member of a map: reads the value into `out`, or says that there is no such member. */
typedef bool member_reader(const struct reading *r, struct cursor *c, struct bytes key, void *out);

/* Reads the members of one map; those that are nil count as left out. `rule` says what the map must be. */
bool read_members(const struct reading *r, struct cursor *c, const char *rule, member_reader *read, void *out);
/* There is no such member. Returns false. */
bool refuse_member(const struct reading *r, const char *rule, struct bytes key);

/* `jobs.run: field "batch.value" must be RULE; it is GOT`. `member` is NULL for the field itself. Returns false. */
bool refuse_token(const struct reading *r, const char *member, const char *rule, struct token got);

#endif
