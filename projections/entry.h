/* Entries with texts: a part of fixed size, the texts' lengths, then the texts.
 *
 *     | fixed | length u32 ... | text ... |
 */
#ifndef MUSTER_ENTRY_H
#define MUSTER_ENTRY_H

#include "projections/store.h"

enum { ENTRY_TEXTS_MAX = 5 };

/* `fixed` has no padding that is not zero: a rebuild must write the same bytes. Texts may borrow the entry that is
 * replaced. With `append` the number is above all others in the table. */
bool entry_put(struct view *v, unsigned table, uint64_t number, struct bytes fixed, const struct bytes texts[],
               size_t count, bool append);
/* Copies the fixed part, borrows the texts. An entry of another shape is damage: false, and v->fault. */
bool entry_read(struct view *v, struct bytes entry, void *fixed, size_t fixed_size, struct bytes texts[], size_t count);

#endif
