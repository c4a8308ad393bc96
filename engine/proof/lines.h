/* Text of lines, each ended by a line feed, read one after another. Inside proof/. */
#ifndef MUSTER_PROOF_LINES_H
#define MUSTER_PROOF_LINES_H

#include "engine/base/base.h"

/* Takes the next line off `rest`, without its end. False when there is no whole one. */
bool line_next(struct bytes *rest, struct bytes *line);
/* What is behind `prefix`, when the line begins with it. */
bool line_after(struct bytes line, const char *prefix, struct bytes *rest);
/* Decimal digits without leading zeros, below 2^48. */
bool line_number(struct bytes line, uint64_t *number);

#endif
