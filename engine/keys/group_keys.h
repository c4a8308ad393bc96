/* Group keys, and the keys of devices that are made from them:
 *
 *     a device's key = base64(HMAC-SHA256(group key, the device's id))
 *
 * A pair of group keys never changes: a rotation makes another pair. Each pair lies in a page of its own that is
 * wiped when nobody holds it any more, and is left out of core dumps. Nothing here is ever said in a sentence. */
#ifndef MUSTER_KEYS_GROUP_KEYS_H
#define MUSTER_KEYS_GROUP_KEYS_H

#include "engine/base/base.h"

enum group_key { GROUP_KEY_PRIMARY, GROUP_KEY_SECONDARY, GROUP_KEYS };

enum {
    GROUP_KEY_SIZE = 64,
    KEY_PRINT_SIZE = 8,
    DEVICE_KEY_SIZE = 44, /* characters of base64, no terminating zero */
};

struct group_keys;

/* Both keys are given, or made at random where NULL. Never NULL; held once by the caller. */
struct group_keys *group_keys_new(const uint8_t primary[GROUP_KEY_SIZE], const uint8_t secondary[GROUP_KEY_SIZE]);
/* Another pair, in which this key is fresh and the other one stays. */
struct group_keys *group_keys_rotated(const struct group_keys *keys, enum group_key which);
/* Any thread. */
struct group_keys *group_keys_hold(struct group_keys *keys);
void group_keys_release(struct group_keys *keys);

/* GROUP_KEY_SIZE bytes, as long as the pair is held. */
const uint8_t *group_keys_get(const struct group_keys *keys, enum group_key which);
/* The first bytes of a SHA-256 over the key: tells keys apart, and says nothing about them. */
void group_keys_print(const struct group_keys *keys, enum group_key which, uint8_t print[KEY_PRINT_SIZE]);

/* ---- Keys of devices, in one thread. */

struct device_keys;

/* Holds the pair until it is deleted. */
struct device_keys *device_keys_new(struct group_keys *keys);
void device_keys_delete(struct device_keys *keys);
void device_keys_make(struct device_keys *keys, enum group_key which, struct bytes id, char key[DEVICE_KEY_SIZE]);

#endif
