/* What a clean stop leaves beside the projections' file: a file "clean-stop" with the file's SHA-256 in hex. It vouches
 * for every byte: LMDB has no checksums, and a flipped bit in a value would be shown as it is. */
#ifndef MUSTER_PROJECTIONS_MARKER_H
#define MUSTER_PROJECTIONS_MARKER_H

enum marker {
    MARKER_NONE,  /* the last stop was not clean */
    MARKER_GOOD,  /* it was, and the file is the one that it left */
    MARKER_WRONG, /* it was, and the file has changed since */
};

/* Reads the marker and removes it, on disk, before anything is written: it would vouch for what comes. Reads the whole
 * file when there is one, at the disk's speed. */
enum marker marker_take(const char *directory);

/* The file must be whole and on disk. Without room there is no marker, and the next start is as after any other stop. */
void marker_leave(const char *directory);

#endif
