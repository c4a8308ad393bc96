/* What people type into the command line as JSON. What is read is printed as JSON that is the same when it is read; what
 * is none is refused with a place inside the text. The parts of a program are compiled in, as it is no library. */
#include "tests/fuzz/fuzz.h"

/* NOLINTBEGIN(bugprone-suspicious-include) */
#include "clients/terminal/json_read.c"
#include "clients/terminal/json_write.c"
/* NOLINTEND(bugprone-suspicious-include) */

/* Reads `text` and prints what was read; NULL when it is no JSON. To be freed. */
static char *through(const char *text)
{
    msgpack_sbuffer packed;
    msgpack_packer packer;
    struct json_fault fault = {.why = NULL};
    char *printed = NULL;
    msgpack_sbuffer_init(&packed);
    msgpack_packer_init(&packer, &packed, msgpack_sbuffer_write);
    if (json_read(text, &packer, &fault)) {
        msgpack_unpacked unpacked;
        size_t taken = 0, size;
        msgpack_unpacked_init(&unpacked);
        ASSERT(msgpack_unpack_next(&unpacked, packed.data, packed.size, &taken) == MSGPACK_UNPACK_SUCCESS);
        ASSERT(taken == packed.size);
        FILE *out = open_memstream(&printed, &size);
        ASSERT(out != NULL);
        json_write(out, &unpacked.data);
        fclose(out);
        msgpack_unpacked_destroy(&unpacked);
    } else {
        ASSERT(is_sentence(fault.why) && fault.at <= strlen(text));
    }
    msgpack_sbuffer_destroy(&packed);
    return printed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    ASSERT(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    char *once = through(text);
    if (once) {
        char *twice = through(once);
        ASSERT(twice != NULL && strcmp(once, twice) == 0);
        free(twice);
    }
    free(once);
    free(text);
    return 0;
}
