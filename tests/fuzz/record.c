/* The commit record of the log: what is decoded is encoded to the very same bytes. */
#include "tests/fuzz/fuzz.h"

#include "engine/log/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct log_commit commit;
    uint8_t again[RECORD_SIZE_MAX];
    if (!record_decode((struct bytes){data, size}, &commit)) return 0;
    size_t written = record_encode(&commit, again);
    ASSERT(bytes_equal((struct bytes){again, written}, (struct bytes){data, size}));
    ASSERT(record_equal(&commit, &commit));
    return 0;
}
