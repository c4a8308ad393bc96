/* What becomes of a row of an import: it is accepted, changes a device, is counted as unchanged, or is refused with a
 * reason; one bad row never stops the others. A dry run only counts. */
#ifndef MUSTER_IMPORT_ROWS_H
#define MUSTER_IMPORT_ROWS_H

#include "engine/decide/decide.h"

/* Emits two events at most. d->why is used up. */
void import_take_row(struct decision *d, struct open_import *open, const struct import_row *row);

#endif
