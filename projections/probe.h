/* Looks at a projections file in a child process: LMDB 0.9.24 has no checksums, and a damaged file may crash or
 * hang whoever reads it. */
#ifndef MUSTER_PROBE_H
#define MUSTER_PROBE_H

#include "engine/base/base.h"

/* Whether the file opens and its tables can be listed; with `deep` also every entry read, every byte of it. To be
 * called while the process has one thread. */
bool probe_reads(const char *path, uint64_t map_bytes, unsigned tables_max, bool deep);

#endif
