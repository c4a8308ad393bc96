/* Private files that hold an answer too large for one reply. Which are removed when is in snapshot.h. A file has
 * its name, the token, only once it is whole:
 *
 *     spool/3f0c...e1.part     being written; removed when that fails, or at the next start
 *     spool/3f0c...e1          whole, 0600
 *
 * Happy path: spool_create, spool_write ..., spool_finish; then spool_read with the token, as often as wanted. */
#ifndef MUSTER_SNAPSHOT_SPOOL_H
#define MUSTER_SNAPSHOT_SPOOL_H

#include "engine/snapshot/snapshot.h"

enum { SPOOL_TOKEN_SIZE = 32 }; /* hex digits of 16 random bytes: who does not know it finds no file */

/* Of the disk's room so much is always left to the log. */
#define SPOOL_ROOM_LEFT (UINT64_C(16) << 20)

struct spool_file {
    int directory;
    int fd;
    bool lacks_room; /* why the last false: there is no room, which passes */
    char token[SPOOL_TOKEN_SIZE + 1];
};

/* Each returns false with the sentence in `why`. After a false of write or finish the file is gone and closed. */
bool spool_create(struct spool_file *file, const char *directory, struct sentence *why);
/* The same with a name that others can tell: an export's number. */
bool spool_create_numbered(struct spool_file *file, const char *directory, uint32_t number, struct sentence *why);
/* `name` has room for SPOOL_TOKEN_SIZE characters and a zero. */
struct bytes spool_numbered(uint32_t number, char name[]);
bool spool_write(struct spool_file *file, struct bytes data, struct sentence *why);
bool spool_finish(struct spool_file *file, struct sentence *why);
/* As spool_finish, and the file is there after a power cut too. */
bool spool_finish_durably(struct spool_file *file, struct sentence *why);
/* Instead of spool_finish: leaves nothing behind. */
void spool_abandon(struct spool_file *file);

enum spool_result {
    SPOOL_READ,
    SPOOL_GONE, /* no such file, or none any more, or the offset is behind its end; a token may be any bytes */
    SPOOL_FAILED,
};

/* Reads up to `size` bytes at the offset into `out`; *got are there, *next is where to go on, 0 at the end. The
 * file's hour begins anew. */
enum spool_result spool_read(const char *directory, struct bytes token, uint64_t offset, uint8_t *out, size_t size,
                             size_t *got, uint64_t *next, struct sentence *why);

#endif
