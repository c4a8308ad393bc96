/* JSON out of MessagePack, and MessagePack out of JSON. */
#ifndef MUSTER_TERMINAL_JSON_H
#define MUSTER_TERMINAL_JSON_H

#include <msgpack.h>
#include <stdbool.h>
#include <stdio.h>

/* On one line, without one's end. Bytes that are no text are written as hexadecimal digits, numbers that JSON
 * does not know as null. */
void json_write(FILE *out, const msgpack_object *value);

/* What is wrong, and at which byte of the text. */
struct json_fault {
    const char *why;
    size_t at;
};

/* Packs the one value that `text` is. False, with *fault set and perhaps something packed, when it is none. */
bool json_read(const char *text, msgpack_packer *packer, struct json_fault *fault);

#endif
