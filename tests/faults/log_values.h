/* The values that log_driver writes and log_check expects: told by their numbers alone. */
#ifndef MUSTER_FAULTS_LOG_VALUES_H
#define MUSTER_FAULTS_LOG_VALUES_H

#include "engine/base/base.h"

enum { LOG_VALUES_SIZE_MAX = 5000 };

/* `room` has LOG_VALUES_SIZE_MAX bytes. Mostly small, one in 200 too large for a page of its own kind. */
static inline struct bytes log_value(uint64_t seq, uint8_t *room)
{
    size_t size = seq % 200 == 0 ? LOG_VALUES_SIZE_MAX : (size_t)(seq * 2654435761u % 97);
    for (size_t i = 0; i < size; i++) room[i] = (uint8_t)(seq * 31 + i);
    return (struct bytes){room, size};
}

#endif
